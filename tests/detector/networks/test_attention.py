"""What is particular to networks that attend over the tokens of a window."""

from __future__ import annotations

import pytest
import torch

from detector.networks.anomaly_transformer import discrepancy
from detector.networks.tranad import combine
from tests.support.network_cases import WINDOW, fresh, held_out, trained


@pytest.mark.parametrize("case", ["transformer_ae", "tranad", "anomaly_transformer"])
def test_attention_runs_over_time_and_not_over_the_batch(case):
    """A changed token reaches the others of its window and no other window."""
    network = fresh(case).eval()
    block = network.blocks[0] if case == "anomaly_transformer" else network.encoder
    tokens = torch.randn(3, 12, 8)
    changed = tokens.clone()
    changed[0, 0] = torch.randn(8)
    with torch.no_grad():
        before, after = block(tokens), block(changed)
    if case == "anomaly_transformer":
        before, after = before[0], after[0]
    assert (after[0, 1:] != before[0, 1:]).any(dim=1).all()
    assert torch.equal(after[1:], before[1:])


@pytest.mark.parametrize("case", ["transformer_ae", "tranad", "anomaly_transformer", "timesnet"])
def test_blocks_are_told_the_position(case):
    """Attention has no order of its own: in a constant window each token is still another."""
    network, seen = fresh(case).eval(), []
    block = network.blocks[0] if case == "anomaly_transformer" else network.encoder
    block.register_forward_pre_hook(lambda _module, given: seen.append(given[0]))
    with torch.inference_mode():
        network(torch.ones(1, WINDOW, 2))
    inner = seen[0][0, 1:-1]  # a convolution sees the edges anyway
    assert torch.pdist(inner).min() > 0.05


def test_associations_are_shares_over_the_tokens_of_a_window():
    """Prior and series both sum to 1; the discrepancy is 0 for equal ones and bounded."""
    network = trained("anomaly_transformer")  # outside of the block: training needs gradients
    with torch.no_grad():
        (prior, series), *_ = network.associate(held_out()[:4])[1]
    for found in (prior, series):
        torch.testing.assert_close(found.exp().sum(dim=3), torch.ones(4, 2, 12))
    assert discrepancy(prior, prior).abs().max() == 0
    assert discrepancy(prior, series).min() > 0
    assert discrepancy(prior, series).max() < 2 * 9.22


def test_the_two_sides_of_the_game_pull_against_each_other():
    """A step down the loss lowers the discrepancy by the prior and raises it by the series."""
    x = held_out()[:16]

    def change(rows):
        network = fresh("anomaly_transformer", discrepancy=1.0)
        project = network.blocks[0].project

        def found():
            prior, series = network.associate(x)[1][0]
            return discrepancy(prior, series).mean()

        before = found().item()
        plain = ((network(x) - x) ** 2).mean()
        loss = network.loss(x, 1.0)
        assert loss.item() == pytest.approx(plain.item(), rel=1e-5)
        (gradient,) = torch.autograd.grad(loss - plain, project.weight)
        with torch.no_grad():
            project.weight[rows] -= 0.05 * gradient[rows]
        return found().item() - before

    assert change(slice(24, 26)) < 0 < change(slice(0, 16))


def test_association_weights_compare_across_windows():
    """A weight lies in 1/2 .. 2 and is not made to average the same in every window."""
    network, x = trained("anomaly_transformer"), held_out()
    with torch.inference_mode():
        reconstruction, scored = network.residual(x)
    weight = (scored / (reconstruction - x)).mean(dim=2)  # (B, L)
    assert weight.min() >= 0.499
    assert weight.max() <= 2.001
    assert weight.mean(dim=1).std() > 0.01


def test_the_second_phase_looks_where_the_first_was_wrong():
    """With equal decoders only the focus makes the phases differ."""
    network, x = fresh("tranad").eval(), held_out()[:4]
    network.decoders[1].load_state_dict(network.decoders[0].state_dict())
    network.outputs[1].load_state_dict(network.outputs[0].state_dict())
    with torch.inference_mode():
        first, second = network.phases(x)
    assert (first - second).abs().max() > 1e-3


def test_training_goes_from_the_first_phase_to_the_second():
    """At the start only the first phase counts, later mostly the second."""
    network, x = fresh("tranad"), held_out()[:4]
    first, second = (((phase - x) ** 2).mean().item() for phase in network.phases(x))
    assert network.loss(x, 0.0).item() == pytest.approx(first)
    assert network.loss(x, 1.0).item() == pytest.approx(0.3 * first + 0.7 * second)


def test_both_phases_make_one_signed_residual_without_jumps():
    """Its square is the mean of the squares where signs agree; near a change it stays small."""
    first, second = torch.tensor([3.0, -3.0, 0.0, 1.0]), torch.tensor([4.0, -4.0, 0.0, -1.0])
    root = (25 / 2) ** 0.5
    torch.testing.assert_close(combine(first, second), torch.tensor([root, -root, 0.0, 0.0]))
    near = combine(torch.tensor([1.0]), torch.tensor([-1.0 + 1e-5]))
    assert near.abs().item() < 1e-4
