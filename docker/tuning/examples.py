"""The examples of a language as the classifier reads them, as lines of JSON. Usage: examples.py LANGUAGE"""

import json
import sys

from config.documents import load_edition
from config.settings import PROJECT
from ivr.understanding.examples import examples_of


def main() -> None:
    edition = load_edition(PROJECT / "config")
    for example in examples_of(edition, edition.languages[sys.argv[1]]):
        text = " ".join(example.words)
        line = {"text": text, "source": example.source or text, "topic": example.topic}
        print(json.dumps(line, ensure_ascii=False))


if __name__ == "__main__":
    main()
