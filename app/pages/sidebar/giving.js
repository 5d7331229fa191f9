/* The forms that change a balance: points, store credit, and taking either back. */

import { button } from "./dom.js";
import {
    choiceField,
    facts,
    hints,
    moneyOf,
    nowHas,
    reasonField,
    reasonFields,
    reasonOf,
    textField,
    wholeOf,
    wrongReason,
} from "./fields.js";
import { decimal, thousandths } from "./words.js";

/** Give points, or take some away. */
export function pointsForm(desk) {
    const { t, points, number } = desk.words;
    const { points_per_write: most, approval_above_points: above } = desk.limits();
    const fields = {
        way: choiceField({
            label: t("way"),
            unseen: true,
            choices: [
                ["give", t("give")],
                ["take", t("take")],
            ],
            value: "give",
        }),
        amount: textField({
            label: t("amount_points"),
            mode: "numeric",
            required: true,
            most: 12,
            hint: hints(
                most && t("at_most", { amount: points(most) }),
                above && t("approval_above", { amount: points(above) }),
            ),
        }),
        ...reasonFields(desk),
    };
    return {
        title: t("points_title"),
        action: "create_points_event",
        fields,
        first: "amount",
        names: { points_amount: "amount", external_note: "note" },
        check() {
            const amount = wholeOf(fields.amount.read());
            const wrong = wrongReason(desk, fields);
            if (amount === null) wrong.amount = t("wrong_points");
            else if (most && amount > most)
                wrong.amount = t("wrong_most", { amount: points(most) });
            const signed = fields.way.read() === "take" ? -amount : amount;
            return { wrong, inputs: { points_amount: signed, ...reasonOf(fields) } };
        },
        confirm(inputs) {
            const { points_amount: signed } = inputs;
            const count = Math.abs(signed);
            const way = signed < 0 ? "take" : "give";
            const before = desk.view()?.balance?.points ?? null;
            return {
                ask: t(`ask_${way}`, { count }),
                says: t(`will_${way}_points`, { name: desk.name(), amount: points(count) }),
                facts: facts(
                    desk,
                    inputs,
                    before !== null && [t("points"), number(before), number(before + signed)],
                ),
                notes: [
                    before !== null && before + signed < 0 && signed < 0 && t("below_zero"),
                    above && count > above && t("approval"),
                ].filter(Boolean),
                act: t(`do_${way}`, { count }),
            };
        },
        done({ points_event: event, customer }, { points_amount: signed }) {
            const diff = event?.points_diff ?? signed;
            return {
                heading: t(diff < 0 ? "did_take" : "did_give", { count: Math.abs(diff) }),
                more: nowHas(desk, customer, "points"),
            };
        },
        undo: undoButton(desk),
    };
}

/** Give store credit. */
export function creditForm(desk) {
    const { t, money } = desk.words;
    const { credits_per_write: most, approval_above_credits: above } = desk.limits();
    const spell = (amount) => money(decimal(amount), desk.currency());
    const [cap, high] = [thousandths(most), thousandths(above)];
    const fields = {
        amount: textField({
            label: t("amount_credit"),
            mode: "decimal",
            unit: desk.currency(),
            required: true,
            most: 13,
            hint: hints(
                cap && t("at_most", { amount: spell(cap) }),
                high && t("approval_above", { amount: spell(high) }),
            ),
        }),
        ...reasonFields(desk),
    };
    return {
        title: t("credit_title"),
        action: "create_points_event",
        fields,
        names: { credits_amount: "amount", external_note: "note" },
        check() {
            const amount = moneyOf(fields.amount.read());
            const wrong = wrongReason(desk, fields);
            if (amount === null) wrong.amount = t("wrong_money");
            else if (cap && amount > cap) wrong.amount = t("wrong_most", { amount: spell(cap) });
            return { wrong, inputs: { credits_amount: decimal(amount ?? 0), ...reasonOf(fields) } };
        },
        confirm(inputs) {
            const amount = thousandths(inputs.credits_amount);
            const before = thousandths(desk.view()?.balance?.credits);
            return {
                ask: t("ask_credit", { amount: spell(amount) }),
                says: t("will_give_credit", { name: desk.name(), amount: spell(amount) }),
                facts: facts(
                    desk,
                    inputs,
                    before !== null && [t("store_credit"), spell(before), spell(before + amount)],
                ),
                notes: [high && amount > high && t("approval")].filter(Boolean),
                act: t("do_credit", { amount: spell(amount) }),
            };
        },
        done({ points_event: event, customer }, inputs) {
            const amount = thousandths(event?.credits_diff) || thousandths(inputs.credits_amount);
            return {
                heading: t("did_credit", { amount: spell(amount) }),
                more: nowHas(desk, customer, "credit"),
            };
        },
        undo: undoButton(desk),
    };
}

/** Take back what an operation of ours did; `answer` is the answer to that. */
export function undoForm(desk, { operation, points_event: event }) {
    const { t, points, number, money } = desk.words;
    const fields = desk.limits().reason_required ? { reason: reasonField(desk) } : {};
    const diff = event?.points_diff ?? 0;
    const credit = thousandths(event?.credits_diff) ?? 0;
    const amount = diff
        ? points(Math.abs(diff))
        : money(decimal(Math.abs(credit)), desk.currency());
    const kind =
        diff + credit < 0 ? "will_undo_taken" : diff ? "will_undo_points" : "will_undo_credit";
    return {
        title: t("undo_title"),
        action: "reverse_points_event",
        anonymous: true,
        fields,
        check: () => ({
            wrong: wrongReason(desk, fields),
            inputs: { operation_id: operation.id, ...reasonOf(fields) },
        }),
        confirm(inputs) {
            const before = desk.view()?.balance?.points ?? null;
            return {
                ask: t("ask_undo"),
                says: t(kind, { name: desk.name(), amount }),
                facts: facts(
                    desk,
                    inputs,
                    before !== null && diff && [t("points"), number(before), number(before - diff)],
                ),
                act: t("do_undo"),
            };
        },
        done: ({ customer }) => ({
            heading: t("did_undo"),
            more: nowHas(desk, customer, diff ? "points" : "credit"),
        }),
    };
}

function undoButton(desk) {
    if (!desk.may("reverse_points_event")) return null;
    return (body) => button(desk.words.t("undo"), () => desk.open("undo", body));
}
