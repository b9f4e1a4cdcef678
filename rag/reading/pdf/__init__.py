"""Read and draw PDF files.

Page (`file`) -> characters (`glyphs`, `visibility`) -> lines (`lines`, `ligatures`, or `ocr`) -> blocks (`columns`,
`blocks`, `captions`, `tables`) -> `paragraphs` and `headings` -> `sections`; `layout` calls these, `reader` all.
"""
