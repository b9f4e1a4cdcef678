"""The SQL tables of a library's record, by the version that introduced them. `migrations` creates them."""

TOKENIZER = "tokenize = 'porter unicode61 remove_diacritics 2'"

# Without content: the words can be derived from the papers, and their text is long.
WORD_INDEXES = (
    f"CREATE VIRTUAL TABLE chunk_words USING fts5 (title, section, text, content = '', {TOKENIZER})",
    f"CREATE VIRTUAL TABLE paper_words USING fts5 (title, text, content = '', {TOKENIZER})",
)

PAPERS_SOURCES_CHUNKS = (
    "CREATE TABLE meta (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID",
    """
CREATE TABLE papers (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    id TEXT NOT NULL UNIQUE,
    title TEXT NOT NULL,
    folded_title TEXT NOT NULL,      -- users look papers up by it
    read_title TEXT NOT NULL,        -- folded, as read from the source: a corrected title makes no new paper
    read_digest TEXT NOT NULL,       -- sha256 of the text as read from the source
    text TEXT NOT NULL,
    year INTEGER,
    details TEXT NOT NULL,           -- JSON: authors, venue, doi, ..., pages, sections
    corrections TEXT NOT NULL,       -- JSON: fields that the user has set; they survive an update from the source
    vector BLOB NOT NULL,            -- of the whole paper, as in `vectors.pack`
    added TEXT NOT NULL
)""",
    "CREATE INDEX papers_by_reading ON papers (read_title, read_digest)",
    "CREATE INDEX papers_by_title ON papers (folded_title)",
    """
CREATE TABLE sources (
    key INTEGER PRIMARY KEY,
    location TEXT NOT NULL UNIQUE,   -- the absolute path; never shown
    name TEXT NOT NULL,              -- the file name, which is shown
    digest TEXT                      -- of the file and its bibliography entry; NULL until all its papers are stored
)""",
    """
CREATE TABLE entries (               -- the papers that a source holds
    source INTEGER NOT NULL REFERENCES sources ON DELETE CASCADE,
    paper INTEGER NOT NULL REFERENCES papers ON DELETE CASCADE,
    PRIMARY KEY (source, paper)
) WITHOUT ROWID""",
    "CREATE INDEX entries_by_paper ON entries (paper)",
    """
CREATE TABLE chunks (
    key INTEGER PRIMARY KEY AUTOINCREMENT,  -- never reused: the vector index is updated by it
    paper INTEGER NOT NULL REFERENCES papers ON DELETE CASCADE,
    start INTEGER NOT NULL,
    end INTEGER NOT NULL,
    page INTEGER,
    page_label TEXT,
    section TEXT,
    sentences BLOB NOT NULL,         -- int32 pairs: the spans of the sentences
    vector BLOB NOT NULL,            -- as in `vectors.pack`
    sentence_vectors BLOB NOT NULL   -- as in `vectors.pack`, one row for each sentence
)""",
    "CREATE INDEX chunks_by_paper ON chunks (paper)",
    *WORD_INDEXES,
)

BOXES_WORKS_FAILURES = (
    """
CREATE TABLE boxes (                 -- the rectangles of a PDF paper's characters on its pages
    paper INTEGER PRIMARY KEY REFERENCES papers ON DELETE CASCADE,
    shift INTEGER NOT NULL,          -- index of the paper's first character in the packed boxes
    packed BLOB NOT NULL
)""",
    """
CREATE TABLE works (                 -- papers that share a name are versions of one work
    paper INTEGER NOT NULL REFERENCES papers ON DELETE CASCADE,
    name TEXT NOT NULL,
    PRIMARY KEY (paper, name)
) WITHOUT ROWID""",
    """
CREATE TABLE failures (              -- files that could not be read; not retried until they change
    location TEXT PRIMARY KEY,
    name TEXT NOT NULL,
    digest TEXT NOT NULL,
    reason TEXT NOT NULL
) WITHOUT ROWID""",
)

ANSWERS = (
    """
CREATE TABLE answers (               -- saved answers, with all that is needed to ask the question again
    key INTEGER PRIMARY KEY,
    asked TEXT NOT NULL,
    question TEXT NOT NULL,
    request TEXT NOT NULL,           -- JSON: history, scope
    made_with TEXT NOT NULL,         -- JSON: mode, model, its digest, prompt version, options
    answer TEXT NOT NULL             -- JSON: as Answer.to_dict()
)""",
)

CONVERSATIONS_FEEDBACK = (
    """
CREATE TABLE conversations (
    key INTEGER PRIMARY KEY AUTOINCREMENT,  -- never reused, like an answer's: an open page may still refer to it
    name TEXT NOT NULL,
    started TEXT NOT NULL
)""",
    """
CREATE TABLE answers_in_conversations (
    key INTEGER PRIMARY KEY AUTOINCREMENT,
    asked TEXT NOT NULL,
    question TEXT NOT NULL,
    request TEXT NOT NULL,
    made_with TEXT NOT NULL,
    answer TEXT NOT NULL,
    conversation INTEGER REFERENCES conversations ON DELETE CASCADE  -- NULL outside of a conversation
)""",
    "INSERT INTO answers_in_conversations SELECT *, NULL FROM answers",
    "DROP TABLE answers",
    "ALTER TABLE answers_in_conversations RENAME TO answers",
    "CREATE INDEX answers_by_conversation ON answers (conversation)",
    """
CREATE TABLE feedback (              -- the user's ratings and comments
    answer INTEGER PRIMARY KEY REFERENCES answers ON DELETE CASCADE,
    good INTEGER,                    -- 1, 0, or NULL for a comment without a rating
    comment TEXT NOT NULL,
    given TEXT NOT NULL
)""",
)

REMOVALS_LABELS = (
    """
CREATE TABLE removals (              -- papers that the user removed: their folders do not add them again
    location TEXT NOT NULL,          -- of the source
    title_digest TEXT NOT NULL,      -- sha256 of papers.read_title, so that no word of the paper stays
    read_digest TEXT NOT NULL,       -- as in papers
    alone INTEGER NOT NULL,          -- 1 if the source held no other paper
    PRIMARY KEY (location, title_digest, read_digest)
) WITHOUT ROWID""",
    "CREATE INDEX removals_by_digest ON removals (read_digest)",
    "CREATE INDEX removals_by_title ON removals (title_digest)",
    """
CREATE TABLE labels (                -- authors, tags and collections for the filters; names, venues and citekeys
    kind TEXT NOT NULL,              -- for questions about metadata (see rows.put_labels)
    label TEXT NOT NULL,
    paper INTEGER NOT NULL REFERENCES papers ON DELETE CASCADE,
    PRIMARY KEY (kind, label, paper)
) WITHOUT ROWID""",
    "CREATE INDEX labels_by_paper ON labels (paper)",
    "CREATE INDEX papers_by_year ON papers (year)",
    "CREATE INDEX papers_in_brief ON papers (key) WHERE json_extract(details, '$.brief')",
)

LISTING_CITED = (
    """
CREATE TABLE listing (               -- by what lists of papers are searched and sorted; derived from the papers
    paper INTEGER PRIMARY KEY REFERENCES papers ON DELETE CASCADE,
    title TEXT NOT NULL,             -- in readable form; this and the following texts without case
    author TEXT NOT NULL,            -- the first one
    year INTEGER,
    words TEXT NOT NULL              -- title, authors and tags
)""",
    "CREATE INDEX listing_by_title ON listing (title)",
    "CREATE INDEX listing_by_author ON listing (author = '', author)",
    "CREATE INDEX listing_by_year ON listing (year)",
    "ALTER TABLE labels ADD COLUMN shown TEXT",  # the label as it is written, where this differs
    """
CREATE TABLE cited (                 -- the papers that a saved answer quotes; derived from the answers
    paper TEXT NOT NULL,             -- its id
    answer INTEGER NOT NULL REFERENCES answers ON DELETE CASCADE,
    PRIMARY KEY (paper, answer)
) WITHOUT ROWID""",
    "CREATE INDEX cited_by_answer ON cited (answer)",
)

TABLES = (
    *("meta", "papers", "sources", "entries", "chunks", "chunk_words", "paper_words", "boxes", "works", "failures"),
    *("conversations", "answers", "feedback", "removals", "labels", "listing", "cited"),
)
"""All tables of the current version."""
