"""Cells of tables that fit a question are found, and say their row, column and value."""

from __future__ import annotations

import pytest
from helpers.reader import read

from rag.answering.cells import find_cells
from rag.types import Paper

MODELS = """<figure><figcaption>Table 1. Results of the kite models on two rivers.</figcaption><table><thead>
<tr><th rowspan=2>Model</th><th colspan=3>Elbe</th><th colspan=2>Oder</th></tr>
<tr><th>P</th><th>R</th><th>F1</th><th>F1</th><th>Error</th></tr></thead>
<tr><td colspan=6>Without training</td></tr>
<tr><td>Counter</td><td>61.2</td><td>70.1</td><td>65.3</td><td>60.0</td><td>0.41</td></tr>
<tr><td>Counter-2</td><td>64.0</td><td>71.0</td><td>67.3</td><td>-</td><td>0.38</td></tr>
<tr><td colspan=6>With training</td></tr>
<tr><td>Kitefly</td><td>80.4 ± 0.2</td><td>79.9</td><td>80.1</td><td>1,079.5</td><td>0.12</td></tr>
<tr><td>Kitefly small</td><td>77.7</td><td>75.5</td><td>76.6</td><td>70.2</td><td>0.19</td></tr>
<tr><td>Average</td><td>90.0</td><td>90.0</td><td>90.0</td><td>2,000.0</td><td>0.01</td></tr>
</table></figure>"""
PEOPLE = """<figure><figcaption>Table 2. Baseline characteristics of the divers.</figcaption><table>
<tr><th>Characteristic</th><th>Sleepers (n = 40)</th><th>Control (n = 38)</th><th>OR (95% CI)</th></tr>
<tr><td>Age, years, mean (SD)</td><td>41.2 (8.1)</td><td>43.0 (7.7)</td><td>0.9 (0.7-1.2)</td></tr>
<tr><td>Women, n (%)</td><td>22 (55%)</td><td>19 (50%)</td><td>1.2 (0.5-2.9)</td></tr>
<tr><td>Body mass index</td><td>24.1</td><td>25.0</td><td>0.8 (0.6-1.1)</td></tr>
<tr><td colspan=4>Smoking status</td></tr>
<tr><td>Never</td><td>30 (75%)</td><td>28 (74%)</td><td>1.1 (0.4-3.0)</td></tr>
<tr><td>Current</td><td>4 (10%)</td><td></td><td>2.4 (0.6-9.9)</td></tr>
</table></figure>"""
SETTINGS = """<figure><figcaption>Table 3. Settings of the training.</figcaption><table>
<tr><th>Setting</th><th>Value</th></tr>
<tr><td>Learning rate</td><td>3e-4</td></tr><tr><td>Batch size</td><td>64</td></tr>
<tr><td>Optimizer</td><td>Adam</td></tr></table></figure>"""
TURNED = """<figure><figcaption>Table 4. Cost of each boat.</figcaption><table>
<tr><th></th><th>Canoe</th><th>Raft</th><th>Punt</th></tr>
<tr><td>Length (m)</td><td>4.1</td><td>3.0</td><td>7.2</td></tr>
<tr><td>Fuel cost per day</td><td>0</td><td>0</td><td>12</td></tr></table></figure>"""

TRIPS = """<figure><figcaption>Table 5. Trips of each boat.</figcaption><table>
<tr><th></th><th>Avg.</th><th>Duration</th></tr><tr><td>Canoe</td><td>4.1</td><td>7 days</td></tr>
<tr><td>− rudder</td><td>3.5</td><td>8 days</td></tr><tr><td>+ rudder</td><td>4.4</td><td>9 days</td></tr>
</table></figure>"""
COUNTS = """<figure><figcaption>Table 6. Nets that were counted.</figcaption><table>
<tr><th>River</th><th>Study</th><th>Nets</th></tr><tr><td>Elbe</td><td>Reed 2001</td><td>10</td></tr>
<tr><td></td><td>Marsh 2004</td><td>11</td></tr><tr><td>Oder</td><td>Reed 2001</td><td>12</td></tr>
<tr><td></td><td>Marsh 2004</td><td>13</td></tr></table></figure>"""


@pytest.fixture(scope="module")
def paper(tmp_path_factory: pytest.TempPathFactory) -> Paper:
    page = f"<h1>Divers and Kites</h1><h2>Results</h2><p>We count.</p>{MODELS}{PEOPLE}{SETTINGS}{TURNED}{TRIPS}{COUNTS}"
    return read(tmp_path_factory.mktemp("cells"), "a.html", page)


@pytest.mark.parametrize(
    ("question", "sentence"),
    [
        ("What F1 does Kitefly reach on the Elbe?", "With training, Kitefly, Elbe F1: 80.1 (Table 1)"),
        ("What is the F1 of Kitefly small on the Oder?", "With training, Kitefly small, Oder F1: 70.2 (Table 1)"),
        ("What is the precision of Kitefly on the Elbe?", "With training, Kitefly, Elbe P: 80.4 ± 0.2 (Table 1)"),
        ("Which model has the highest recall?", "With training, Kitefly, Elbe R: 79.9 (Table 1)"),
        ("Which model has the lowest error?", "With training, Kitefly, Oder Error: 0.12 (Table 1)"),
        ("Which model has the best error on the Oder?", "With training, Kitefly, Oder Error: 0.12 (Table 1)"),
        ("Which model has the highest F1 on the Oder?", "With training, Kitefly, Oder F1: 1,079.5 (Table 1)"),
        ("How many women were in the control group?", "Women, n (%), Control (n = 38): 19 (50%) (Table 2)"),
        ("What was the mean age of the sleepers?", "Age, years, mean (SD), Sleepers (n = 40): 41.2 (8.1) (Table 2)"),
        ("What is the odds ratio for women?", "Women, n (%), OR (95% CI): 1.2 (0.5-2.9) (Table 2)"),
        ("How many sleepers never smoked?", "Smoking status, Never, Sleepers (n = 40): 30 (75%) (Table 2)"),
        ("BMI of the control group", "Body mass index, Control (n = 38): 25.0 (Table 2)"),
        ("What learning rate was used?", "Learning rate, Value: 3e-4 (Table 3)"),
        ("Which optimizer is used for training?", "Optimizer, Value: Adam (Table 3)"),
        ("Which boat has the highest length?", "Length (m), Punt: 7.2 (Table 4)"),
        ("How long is the raft, by length?", "Length (m), Raft: 3.0 (Table 4)"),
        ("What is the average without a rudder?", "− rudder, Avg.: 3.5 (Table 5)"),
        ("How long does the trip with the rudder take?", "+ rudder, Duration: 9 days (Table 5)"),
        ("How many nets did Reed 2001 count on the Oder?", "Oder, Reed 2001, Nets: 12 (Table 6)"),
        ("Which model reaches an F1 of 76.6?", "With training, Kitefly small, Elbe F1: 76.6 (Table 1)"),
    ],
)
def test_a_cell_says_its_row_column_and_value(paper: Paper, question: str, sentence: str) -> None:
    found = find_cells(question, paper, paper.text, paper.tables)
    assert [cells.sentence for cells in found[:1]] == [sentence]
    assert paper.text[slice(*found[0].span)] in paper.text.split("\n")


@pytest.mark.parametrize(
    "question",
    [
        "What is Kitefly?",
        "How many current smokers were in the control group on Mars in the bright summer of the year before?",
        "Which city has the highest rainfall?",
        "What does the paper propose?",
    ],
)
def test_a_question_that_names_no_row_and_column_finds_no_cell(paper: Paper, question: str) -> None:
    assert find_cells(question, paper, paper.text, paper.tables) == []


@pytest.mark.parametrize(
    ("question", "holds_all"),
    [
        ("What F1 does Kitefly reach on the Elbe?", True),
        ("How many women were in the control group?", True),
        ("BMI of the control group", True),
        ("What F1 does Kitefly reach on the Rhine?", False),
        ("How many women were in the placebo group?", False),
        ("What was the mean height of the sleepers?", False),
    ],
)
def test_cells_hold_all_words_of_a_question_only_if_none_is_missed(
    paper: Paper, question: str, holds_all: bool
) -> None:
    found = find_cells(question, paper, paper.text, paper.tables)
    assert any(cells.holds_all for cells in found) == holds_all
