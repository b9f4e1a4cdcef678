"""What clients of local model servers share: addresses, one HTTP exchange, streamed lines, replies and errors.

- address: a server with its address and the words for messages
- exchange: one request with deadlines, which its caller can leave at any moment
- lines: the lines of a streamed response, with a deadline for each
- replies: whether a reply is complete, repeats itself, follows its schema
- errors: what servers send and raise, as errors that say what to do
"""
