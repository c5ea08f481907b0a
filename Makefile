# `make` alone prints the targets: each line below that ends in a double-hash comment.

PYTHON ?= python3
export PYTHON
ARGS ?=

in_venv = .venv/bin/python -m
flask = $(in_venv) flask --app app
babel = $(in_venv) babel.messages.frontend --quiet

help:
	@sed -n 's/^\([a-z-]*\):.*## \(.*\)/\1\t\2/p' $(MAKEFILE_LIST) | while IFS="$$(printf '\t')" read -r target text; do \
		printf '  make %-13s %s\n' "$$target" "$$text"; done

run:  ## make .venv when needed, and serve on http://127.0.0.1:5000
	@deploy/venv requirements.txt
	@exec .venv/bin/python app.py

test: tools check  ## install what the suite needs and run it all; ARGS="-k name" goes to pytest
	@$(in_venv) pytest $(ARGS)

check: .dev  ## format, lint, types, documents: what CI runs first
	@$(in_venv) ruff format --check --quiet . || { echo "Run: make format"; exit 1; }
	@$(in_venv) ruff check --quiet .
	@$(in_venv) mypy
	@$(in_venv) pytest --quiet tests/test_documents.py tests/test_imports.py

format: .dev  ## bring the code into form
	@$(in_venv) ruff check --quiet --fix-only .
	@$(in_venv) ruff format .

schema: .dev  ## print schema.sql anew from the models
	@$(flask) schema >.schema.part && mv .schema.part schema.sql

translations: .dev  ## bring translations/ up to date with the texts in the code
	@$(babel) extract --mapping-file=babel.cfg --keywords=t --keywords=tn:1,2 --add-location=file --sort-by-file \
		--output-file=translations/messages.pot .
	@$(babel) update --input-file=translations/messages.pot --output-dir=translations --no-fuzzy-matching \
		--ignore-obsolete --ignore-pot-creation-date --width=120
	@$(babel) compile --directory=translations --statistics

vendor: .dev  ## renew static/vendor/
	@.venv/bin/python static/vendor/renew.py

screens: tools  ## photograph the page into docs/screens/, wide and phone, light and dark, in every language
	@.venv/bin/python deploy/screens.py

bench: tools  ## measure; ONLY=page, ONLY=engine, ONLY=fanout … for one work
	@$(in_venv) bench

clean:  ## delete what make made: .venv, Node packages, caches; never instance/ or uploads/
	rm -rf .venv tests/node/node_modules bench/peers/node/node_modules bench/out/channels .mypy_cache .pytest_cache .ruff_cache
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

.dev:
	@deploy/venv requirements-dev.txt

tools: .dev
	@deploy/test-tools

.PHONY: help run test check format schema translations vendor screens bench clean tools .dev
