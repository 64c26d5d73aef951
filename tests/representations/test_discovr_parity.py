"""DISCOVR's encoders, clusters and training step give the numbers of the published network, or of its
equations.
"""

from __future__ import annotations

from dataclasses import replace

import discovr_reference as reference
import pytest
import torch
from discovr_reference import CASES, Case, outputs
from reference_formula import formula_tensor
from torch import Tensor

from infomotion_lib.representations.discovr import cluster_distillation, discovr_encoder, sinkhorn
from infomotion_lib.representations.discovr.clusters import clustered, standardised
from infomotion_lib.representations.discovr.dino import (
    cross_entropies,
    image_mean,
    next_centre,
    teacher_says,
    teacher_temperature,
)
from infomotion_lib.representations.discovr.network import Discovr, follow
from infomotion_lib.representations.discovr.step import Step, training_step
from infomotion_lib.representations.discovr.variants import VARIANTS

TOLERANCE = 1e-5
"""Of the largest absolute value of a tensor."""

REPORT: dict[str, float] = {}


def close(ours: Tensor, name: str, *, tolerance: float = TOLERANCE) -> None:
    stored = outputs()[name]
    assert ours.shape == stored.shape, name
    error = float((ours.detach() - stored).abs().max() / stored.abs().max())
    REPORT[name] = error
    assert error < tolerance, f"{name}: {error:.1e}"


@pytest.fixture(scope="module", params=list(CASES))
def case(request: pytest.FixtureRequest) -> Case:
    return CASES[request.param]


@pytest.fixture(scope="module")
def clips(case: Case) -> Tensor:
    return reference.clips(case)


@torch.inference_mode()
def test_the_video_encoders(case: Case, clips: Tensor) -> None:
    a, b, size, state = case.a, case.b, case.size, reference.state(case.name)
    shape = {"side": size.side, "frames": size.frames, "heads": size.heads}
    teacher = discovr_encoder(state, which="video_teacher", **shape)
    close(teacher.patch_embed(clips)[:, :: 2 * a, ::b], f"{case.name}/patch_embed")
    close(teacher.pos_embed[0, :: 2 * a, ::b], f"{case.name}/encoder_position")
    cls, tokens = teacher(clips)
    close(cls, f"{case.name}/video_teacher/cls")
    close(tokens[:, ::a, ::b], f"{case.name}/video_teacher/tokens")
    close(tokens.mean(dim=1), f"{case.name}/video_teacher/token_mean")

    masks = reference.masks(case)
    student = discovr_encoder(state, which="encoder", **shape)
    cls, tokens = student(clips, masks.whole)
    close(cls, f"{case.name}/encoder_global_mask/cls")
    close(tokens[:, :, ::b], f"{case.name}/encoder_global_mask/tokens")
    views = torch.stack([student(clips, view)[0] for view in masks.views])
    close(views, f"{case.name}/encoder_local_masks/cls")


@torch.inference_mode()
def test_bias_of_queries_and_values_is_what_the_state_holds(case: Case, clips: Tensor) -> None:
    state = {k: v for k, v in reference.state(case.name).items() if not k.endswith(("q_bias", "v_bias"))}
    size = case.size
    teacher = discovr_encoder(
        state, which="video_teacher", side=size.side, frames=size.frames, heads=size.heads
    )
    cls, tokens = teacher(clips)
    name = f"{case.name}/video_teacher_without_qkv_bias"
    close(cls, f"{name}/cls")
    close(tokens[:, :: 2 * case.a, :: 2 * case.b], f"{name}/tokens")


@torch.inference_mode()
def test_the_image_encoders(case: Case, clips: Tensor) -> None:
    a, b, size, state = case.a, case.b, case.size, reference.state(case.name)
    shape = {"side": size.side, "frames": 1, "heads": size.heads}
    frames = clips.transpose(1, 2).flatten(0, 1)[:, :, None]
    teacher = discovr_encoder(state, which="image_teacher", **shape)
    cls, tokens = teacher(frames)
    close(cls[:, ::b], f"{case.name}/image_teacher/cls")
    close(tokens[::a, ::2, ::b], f"{case.name}/image_teacher/tokens")
    close(standardised(tokens)[::a, ::2, ::b], f"{case.name}/image_teacher/standardised_tokens")
    assert torch.equal(teacher(clips)[0], cls), "longer clips are taken frame by frame"
    student = discovr_encoder(state, which="image_student", **shape)
    views = torch.stack([student(frames, view)[0] for view in reference.masks(case).images])
    close(views[:, :, :: 2 * b], f"{case.name}/image_student/cls")


@torch.inference_mode()
def test_the_heads(case: Case, clips: Tensor) -> None:
    network, masks = loaded(case), reference.masks(case)
    frames = clips.transpose(1, 2).flatten(0, 1)[:, :, None]
    close(
        network.video_teacher_head(network.video_teacher(clips)[0]), f"{case.name}/video_teacher_head/logits"
    )
    logits = torch.stack([network.video_dino_head(network.encoder(clips, view)[0]) for view in masks.views])
    close(logits, f"{case.name}/video_dino_head/logits")
    logits = network.image_teacher_head(network.image_teacher(frames)[0])
    close(logits[:, :: case.b], f"{case.name}/image_teacher_head/logits")
    views = [network.image_dino_head(network.image_student(frames, view)[0]) for view in masks.images]
    close(torch.stack(views)[:, :, :: 2 * case.b], f"{case.name}/image_dino_head/logits")
    close(network.places[0, :: 2 * case.a, :: case.b], f"{case.name}/decoder_position")


def loaded(case: Case) -> Discovr:
    network = Discovr(case.size)
    network.load_state_dict(reference.state(case.name))
    return network


def step_of(case: Case, clips: Tensor, network: Discovr, **switches: object) -> Step:
    variant = replace(VARIANTS["equations"], **switches)  # type: ignore[arg-type]
    temperature = teacher_temperature(case.epoch, first=0.04, last=0.07, steps=30)
    close(torch.tensor(temperature), f"{case.name}/step/teacher_temperature")
    return training_step(
        network, clips, reference.masks(case), temperature=temperature, momentum=0.99, variant=variant
    )


@pytest.mark.parametrize("name", list(VARIANTS))
def test_a_training_step_and_its_gradients(case: Case, clips: Tensor, name: str) -> None:
    network, variant, prefix = loaded(case), VARIANTS[name], f"{case.name}/step/{name}"
    step = step_of(case, clips, network, **{switch: getattr(variant, switch) for switch in vars(variant)})
    after = network.state_dict()
    for stored in (key for key in outputs() if key.startswith(f"{case.name}/step/after_ema/")):
        key = stored.rsplit("/", 1)[1]
        close(after[key.removesuffix("_norm")].norm() if key.endswith("_norm") else after[key], stored)

    a, b = case.a, case.b
    decoded = "decoder_raster" if name == "equations" else "decoder"
    close(step.decoded[:, ::a, ::b], f"{prefix}/{decoded}")
    for part in ("video_scores", "image_scores", "video_q", "image_q"):
        close(getattr(step.clusters, part)[:, :: 2 * a, ::2], f"{prefix}/{part}")
    close(step.video, f"{prefix}/video_loss")
    close(step.image, f"{prefix}/image_loss")
    close(step.video_scores, f"{prefix}/scd_video_scores")
    close(step.image_scores, f"{prefix}/scd_image_scores")
    close(step.total, f"{prefix}/total")
    close(network.video_center, f"{prefix}/video_center")
    close(network.image_center, f"{prefix}/image_center")

    step.total.backward()
    gradients = {key: value.grad for key, value in network.named_parameters() if value.grad is not None}
    assert set(gradients) == {key for key, _ in network.trained()}, "teachers get none, all else does"
    for stored in (key for key in outputs() if key.startswith(f"{prefix}/grad_norm/")):
        close(gradients[stored.rsplit("/", 1)[1]].norm(), stored)


@pytest.mark.parametrize(
    ("name", "switches"),
    [
        ("raster_hard", {"targets": "hard"}),
        ("equations_without_standardising", {"standardise": False}),
    ],
)
def test_one_switch_alone(case: Case, clips: Tensor, name: str, switches: dict[str, object]) -> None:
    step = step_of(case, clips, loaded(case), **switches)
    close(step.video_scores, f"{case.name}/step/{name}/scd_video_scores")
    close(step.image_scores, f"{case.name}/step/{name}/scd_image_scores")


@pytest.mark.parametrize("rounds", [0, 3, 10])
def test_sinkhorn(rounds: int) -> None:
    scores = formula_tensor("units.scores", (120, 24))
    q = sinkhorn(scores, iterations=rounds, epsilon=0.05)
    close(q if rounds == 10 else q[::4], f"units/sinkhorn/iterations_{rounds}")
    assert torch.equal(sinkhorn(scores.view(3, 40, 24), iterations=rounds, epsilon=0.05).flatten(0, 1), q)
    assert torch.isfinite(sinkhorn(1e4 * scores, iterations=rounds, epsilon=0.05)).all()


@pytest.mark.parametrize(("variant", "stored"), [("equations", "equation"), ("released", "released")])
@pytest.mark.parametrize("scaled_before", [False, True])
def test_cluster_distillation(variant: str, stored: str, scaled_before: bool) -> None:
    video = formula_tensor("units.video_features", (3, 40, 96)).requires_grad_(True)
    image = formula_tensor("units.image_features", (3, 40, 96)).requires_grad_(True)
    prototypes = formula_tensor("units.prototypes", (24, 96))
    prototypes = torch.nn.functional.normalize(prototypes, dim=1) if scaled_before else prototypes
    prototypes.requires_grad_(True)
    of_video, of_image = cluster_distillation(video, image, prototypes, variant=variant)
    close(of_video, f"units/scd/{stored}/video_scores_loss")
    close(of_image, f"units/scd/{stored}/image_scores_loss")
    (of_video + of_image).backward()
    close(video.grad[:, ::4, ::4], f"units/scd/{stored}/video_features_gradient")
    close(prototypes.grad[:, ::4], f"units/scd/{stored}/prototypes_gradient")
    assert image.grad is None
    clusters = clustered(video, image, prototypes, variant=variant)
    close(clusters.video_q[:, ::4], "units/scd/video_q")
    close(clusters.image_q[:, ::4], "units/scd/image_q")


def test_self_distillation() -> None:
    teacher = formula_tensor("units.teacher", (6, 64))
    students = formula_tensor("units.students", (4, 6, 64)).requires_grad_(True)
    centre = formula_tensor("units.center", (1, 64))
    temperatures = [
        teacher_temperature(epoch, first=0.04, last=0.07, steps=30) for epoch in (0, 1, 10, 29, 30, 399)
    ]
    close(torch.tensor(temperatures), "units/dino/teacher_temperature")
    says = teacher_says(teacher, centre, temperature=temperatures[2])
    values = cross_entropies(says, students)
    close(image_mean(values, VARIANTS["equations"]), "units/dino/equation_loss")
    close(image_mean(values, VARIANTS["released"]), "units/dino/released_image_loss")
    values.mean().backward()
    close(students.grad[:, :, ::4], "units/dino/equation_students_gradient")
    for name, stored in (("equations", "equation"), ("released", "released")):
        close(next_centre(centre, teacher, says, VARIANTS[name]), f"units/dino/{stored}_center")


def test_only_the_last_chunk_of_frames_counts_in_the_released_image_loss() -> None:
    values = torch.cat([torch.full((2, 1024), 5.0), torch.full((2, 256), 3.0)], dim=1)
    assert float(image_mean(values, VARIANTS["released"])) == pytest.approx(3 * 256 / 1280)
    assert float(image_mean(values[:, :1024], VARIANTS["released"])) == pytest.approx(5 * 0.25)


def test_teachers_follow() -> None:
    student, teacher = (torch.nn.Linear(5, 8, bias=False) for _ in range(2))
    with torch.no_grad():
        student.weight.copy_(formula_tensor("units.student_weight", (8, 5)))
        teacher.weight.copy_(formula_tensor("units.teacher_weight", (8, 5)))
    for momentum, name in ((0.99, "momentum_0.99"), (0.99, "momentum_0.99_twice"), (0.996, "then_0.996")):
        follow(teacher, student, momentum=momentum)
        close(teacher.weight, f"units/ema/{name}")
