/* The forms about rewards: redeeming one, and refunding the code that came of it. */

import {
    choiceField,
    facts,
    moneyOf,
    nowHas,
    reasonField,
    reasonOf,
    textField,
    wholeOf,
    wrongReason,
} from "./fields.js";
import { priceOf, rewardPrice } from "./prices.js";
import { decimal, thousandths } from "./words.js";

/** Spend points or store credit on a reward; `chosen` is the id of one of them. */
export function redeemForm(desk, chosen) {
    const { t, points, number, money } = desk.words;
    const spell = (amount) => money(decimal(amount), desk.currency());
    const offered = (desk.view()?.rewards ?? []).filter((each) => each.affordable);
    const find = (value) => offered.find((each) => String(each.reward_id) === String(value));
    const how = (reward) => (reward ? priceOf(desk, reward) : { kind: "fixed" });
    const spend = textField({ label: " ", hint: " ", mode: "decimal", most: 13 });
    const fields = {
        reward: choiceField({
            label: t("reward"),
            kind: "cards",
            value: find(chosen)?.reward_id,
            choices: offered.map((each) => [
                each.reward_id,
                each.name ?? "",
                rewardPrice(desk, each),
            ]),
            changed: adjust,
        }),
        spend,
        reason: reasonField(desk),
    };
    let asked = null; // the price that is asked for, so that what was typed stays
    function adjust() {
        const reward = find(fields.reward.read());
        const { kind, least, most } = how(reward);
        spend.node.hidden = kind === "fixed";
        const now = `${kind} ${reward?.reward_id}`;
        if (kind === "fixed" || now === asked) return;
        asked = now;
        const credit = kind === "credit";
        const say = credit ? spell : points;
        const to = most === null ? "" : t("at_most_all", { amount: say(most) });
        spend.rename({
            label: t(credit ? "amount_spend_credit" : "amount_spend_points"),
            hint: [least && t("at_least", { amount: say(least) }), to].filter(Boolean).join(" "),
            value: credit ? "" : String(least ?? ""),
        });
    }
    adjust();
    desk.prices().then(adjust);
    function amountOf(reward, wrong) {
        const { kind, least, most } = how(reward);
        if (kind === "fixed") return {};
        const credit = kind === "credit";
        const amount = credit ? moneyOf(spend.read()) : wholeOf(spend.read());
        const say = credit ? spell : points;
        if (amount === null) wrong.spend = t(credit ? "wrong_money" : "wrong_points");
        else if (most !== null && amount > most)
            wrong.spend = t("wrong_most", { amount: say(most) });
        else if (least && amount < least) wrong.spend = t("wrong_least", { amount: say(least) });
        return credit ? { credits_amount: decimal(amount ?? 0) } : { points_amount: amount };
    }
    return {
        title: t("redeem_title"),
        action: "create_points_redemption",
        fields,
        first: find(chosen) ? "reason" : "reward",
        names: { reward_id: "reward", points_amount: "spend", credits_amount: "spend" },
        check() {
            const reward = find(fields.reward.read());
            const wrong = wrongReason(desk, fields);
            if (!reward) wrong.reward = t("wrong_choice");
            const amount = amountOf(reward, wrong);
            return {
                wrong,
                inputs: { reward_id: reward?.reward_id, ...amount, ...reasonOf(fields) },
            };
        },
        confirm(inputs) {
            const reward = find(inputs.reward_id);
            const { points: before, credits } = desk.view()?.balance ?? {};
            const cost = inputs.points_amount ?? reward.points_amount;
            const credit =
                inputs.credits_amount === undefined ? null : thousandths(inputs.credits_amount);
            const price = credit !== null ? spell(credit) : cost !== null ? points(cost) : null;
            const had = thousandths(credits);
            const change =
                credit !== null
                    ? had !== null && [t("store_credit"), spell(had), spell(had - credit)]
                    : before != null &&
                      cost !== null && [t("points"), number(before), number(before - cost)];
            const values = { name: desk.name(), reward: reward.name ?? "", price };
            return {
                ask: t("ask_redeem", values),
                says: t(price ? "will_redeem" : "will_redeem_plain", values),
                facts: facts(desk, inputs, change),
                act: t("do_redeem"),
            };
        },
        done({ points_redemption: made, customer }, inputs) {
            const name = made?.name ?? find(inputs.reward_id)?.name ?? "";
            return {
                heading: t("did_redeem", { reward: name }),
                more: nowHas(
                    desk,
                    customer,
                    inputs.credits_amount === undefined ? "points" : "credit",
                ),
                content: made?.code ? [desk.offer(made)] : [],
            };
        },
    };
}

/** Refund an unused code. */
export function refundForm(desk, redemption) {
    const { t, points, number } = desk.words;
    const { code, name: reward, points_amount: cost } = redemption;
    const fields = { reason: reasonField(desk) };
    return {
        title: t("refund_title"),
        action: "refund_points_redemption",
        fields,
        check: () => ({
            wrong: wrongReason(desk, fields),
            inputs: { redemption_id: redemption.id, ...reasonOf(fields) },
        }),
        confirm(inputs) {
            const before = desk.view()?.balance?.points ?? null;
            return {
                ask: t("ask_refund", { code: code ?? reward ?? "" }),
                says: t(cost ? "will_refund_points" : "will_refund", {
                    code: code ?? "",
                    name: desk.name(),
                    points: cost && points(cost),
                }),
                facts: [
                    ...(reward ? [[t("reward"), reward]] : []),
                    ...facts(
                        desk,
                        inputs,
                        before !== null &&
                            cost && [t("points"), number(before), number(before + cost)],
                    ),
                ],
                act: t("do_refund"),
            };
        },
        done: ({ customer }) => ({
            heading: t("did_refund"),
            more: nowHas(desk, customer, "points"),
        }),
    };
}
