/* What a reward costs. */

import { thousandths } from "./words.js";

/** Say what a reward costs, as far as that is fixed. */
export function rewardPrice(desk, reward) {
    const { t, points, money } = desk.words;
    const { kind } = priceOf(desk, reward);
    if (kind === "credit")
        return t("up_to", { amount: money(reward.credits_amount, desk.currency()) });
    return reward.points_amount === null ? "" : points(reward.points_amount);
}

/** Tell whether a reward has a price of one's choice, and within which bounds. */
export function priceOf(desk, reward) {
    if (reward.credits_amount !== null) {
        return { kind: "credit", least: 0, most: thousandths(reward.credits_amount) };
    }
    if (desk.isFree(reward.reward_id)) {
        return {
            kind: "points",
            least: reward.points_amount,
            most: desk.view()?.balance?.points ?? null,
        };
    }
    return { kind: "fixed" };
}
