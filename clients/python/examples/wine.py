"""A scikit-learn pipeline: a dozen versions of a model with cross-validation, then questions about them.

Run it with a server at PLACARD_URL: `python examples/wine.py`. It saves the plot `wine.png`.
"""

from __future__ import annotations

import pathlib
import sys
import tempfile
from typing import Annotated, Any

import pandas as pd
from sklearn.base import ClassifierMixin
from sklearn.datasets import load_wine
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import cross_validate, train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler

import placard_client as placard
from placard_client import F, M, StorageSize, log_metadata


@placard.step
def load() -> Annotated[pd.DataFrame, "wine_data"]:
    frame = load_wine(as_frame=True).frame
    log_metadata(
        metadata={
            "row_count": len(frame),
            "columns": list(frame.columns),
            "dtypes": frame.dtypes,
            "size": StorageSize(frame.memory_usage(deep=True).sum()),
        },
        infer_artifact=True,  # the only output of the step
    )
    return frame


@placard.step
def split(frame: pd.DataFrame) -> tuple[Annotated[pd.DataFrame, "wine_train"], Annotated[pd.DataFrame, "wine_test"]]:
    train, test = train_test_split(frame, test_size=0.25, random_state=7, stratify=frame["target"])
    for name, part in (("wine_train", train), ("wine_test", test)):
        log_metadata({"balance": part["target"].value_counts().sort_index().tolist()}, None, artifact_name=name,
                     infer_artifact=True)  # fmt: skip
    return train, test


def candidates() -> list[tuple[str, dict[str, Any], ClassifierMixin]]:
    """Return the models to try."""
    linear = [
        ("linear", {"C": c}, make_pipeline(StandardScaler(), LogisticRegression(C=c, max_iter=500)))
        for c in (0.001, 0.01, 0.1, 1.0, 10.0, 100.0)
    ]
    forest = [
        ("forest", {"trees": n, "depth": d}, RandomForestClassifier(n_estimators=n, max_depth=d, random_state=7))
        for n, d in ((5, 1), (5, 2), (20, 2), (20, 4), (60, 4), (60, None))
    ]
    return linear + forest


@placard.step(outputs={"model": "wine_model"})
def train(train: pd.DataFrame, test: pd.DataFrame, family: str, parameters: dict[str, Any], model: Any) -> Any:
    # These facts are visible at once, and stay if the step fails.
    log_metadata({"family": family, "parameters": parameters}, artifact_name="model", infer_artifact=True)
    features, target = train.drop(columns="target"), train["target"]
    scores = cross_validate(model, features, target, cv=4)
    for fold, (score, seconds) in enumerate(zip(scores["test_score"], scores["fit_time"])):
        log_metadata({"fold": {"number": fold, "score": score, "seconds": seconds}}, infer_artifact=True)
    model.fit(features, target)
    log_metadata(
        {
            "metrics": {
                "cv_mean": scores["test_score"].mean(),
                "cv_spread": scores["test_score"].std(),
                "accuracy": model.score(test.drop(columns="target"), test["target"]),
            }
        },
        infer_artifact=True,
    )
    return model


@placard.step(outputs=["report"])
def fails() -> None:
    log_metadata({"reason": "an example of a step that fails"}, infer_artifact=True)
    raise ValueError("this step fails on purpose")


@placard.pipeline
def wine() -> str:
    train_data, test_data = split(load())
    for family, parameters, model in candidates():
        train(train_data, test_data, family, parameters, model)
    try:
        fails()
    except ValueError as error:
        log_metadata({"failed_step": str(error)})
    return str(placard.current_run_id())


def questions(folder: pathlib.Path) -> None:
    """Ask which model is the best, how it differs, and what it was trained on."""
    best = placard.find("wine_model", order_by=[-M("metrics", "cv_mean"), F("number")]).first()
    best.set_alias("best")
    log_metadata({"reviewed": True}, artifact_name="wine_model", artifact_version=best.version)
    log_metadata({"checked": {"by": "ana"}}, artifact_version_id=best.id)
    print("the best model:", placard.Client().artifact("wine_model").version(alias="best"), sep="\n")
    print("\nfolds:", best.history("fold").rows())
    print("\nthe first model beside it:")
    print(placard.compare(("wine_model", "1"), best, only_differing=True).to_pandas().to_string())
    print("\nit was trained on:", [(version.artifact, version.version) for version in best.lineage()])
    good = placard.find("wine_model", (M("metrics", "accuracy") >= 0.9) & (M("family") == "forest"))
    print("\ngood forests:", good.count())
    series = placard.Client().artifact("wine_model").series("cv_mean", "metrics")
    print("\nstatistics:", series.statistics)
    plot(series.to_pandas(), folder / "wine.png")


def plot(frame: pd.DataFrame, path: pathlib.Path) -> None:
    """Save the mean score of each version as a plot."""
    import matplotlib

    matplotlib.use("Agg")
    from matplotlib import pyplot

    axes = frame.plot(x="version", y="value", marker="o", legend=False, title="wine_model: metrics.cv_mean")
    axes.figure.savefig(path)
    pyplot.close(axes.figure)
    print("\nplot:", path)


if __name__ == "__main__":
    print("run:", wine())
    questions(pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else tempfile.mkdtemp()))
