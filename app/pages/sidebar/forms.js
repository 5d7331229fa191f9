/*
 * The forms, one function each. A form is {title, action, fields, first, names, check, confirm,
 * done, undo}: `check` answers {inputs} or {wrong: {field: text}}, `confirm` says what will happen
 * with these inputs, `done` what did, read off the answer. `names` says which field an input of the
 * service belongs to.
 *
 * `desk` is {words, view, name, limits, reasons, may, open, offer}: `view()` is the newest view,
 * `offer(code)` makes the buttons of a code.
 */

import { button, el } from "./dom.js";
import { choiceField, selectField, textField } from "./fields.js";
import { decimal, thousandths } from "./words.js";

/** Give points, or take some away. */
export function pointsForm(desk) {
    const { t, points, number } = desk.words;
    const { points_per_write: most, approval_above_points: above } = desk.limits;
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
            hint: hints(most && t("at_most", { amount: points(most) }), above && t("approval_above", { amount: points(above) })),
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
            else if (most && amount > most) wrong.amount = t("wrong_most", { amount: points(most) });
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
                facts: facts(desk, inputs, before !== null && [t("points"), number(before), number(before + signed)]),
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
    const { credits_per_write: most, approval_above_credits: above } = desk.limits;
    const spell = (amount) => money(decimal(amount), desk.currency());
    const [cap, high] = [thousandths(most), thousandths(above)];
    const fields = {
        amount: textField({
            label: t("amount_credit"),
            mode: "decimal",
            unit: desk.currency(),
            required: true,
            most: 13,
            hint: hints(cap && t("at_most", { amount: spell(cap) }), high && t("approval_above", { amount: spell(high) })),
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
                facts: facts(desk, inputs, before !== null && [t("store_credit"), spell(before), spell(before + amount)]),
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

/** Spend points or store credit on a reward; `chosen` is the id of one of them. */
export function redeemForm(desk, chosen) {
    const { t, points, number, money } = desk.words;
    const spell = (amount) => money(decimal(amount), desk.currency());
    const offered = (desk.view()?.rewards ?? []).filter((each) => each.affordable);
    const find = (value) => offered.find((each) => String(each.reward_id) === String(value));
    const how = (reward) => (reward ? priceOf(desk, reward) : { kind: "fixed" });
    const spend = textField({ label: t("amount_spend_points"), mode: "numeric", most: 13 });
    const label = spend.node.querySelector("label");
    const fields = {
        reward: choiceField({
            label: t("reward"),
            kind: "cards",
            value: find(chosen)?.reward_id,
            choices: offered.map((each) => [each.reward_id, each.name ?? "", rewardPrice(desk, each)]),
            changed: adjust,
        }),
        spend,
        reason: reasonField(desk),
    };
    function adjust() {
        const { kind } = how(find(fields.reward.read()));
        spend.node.hidden = kind === "fixed";
        spend.fail(null);
        label.textContent = t(kind === "credit" ? "amount_spend_credit" : "amount_spend_points");
    }
    adjust();
    function amountOf(reward, wrong) {
        const { kind, least, most } = how(reward);
        if (kind === "fixed") return {};
        const credit = kind === "credit";
        const amount = credit ? moneyOf(spend.read()) : wholeOf(spend.read());
        const say = credit ? spell : points;
        if (amount === null) wrong.spend = t(credit ? "wrong_money" : "wrong_points");
        else if (most !== null && amount > most) wrong.spend = t("wrong_most", { amount: say(most) });
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
            return { wrong, inputs: { reward_id: reward?.reward_id, ...amount, ...reasonOf(fields) } };
        },
        confirm(inputs) {
            const reward = find(inputs.reward_id);
            const { points: before, credits } = desk.view()?.balance ?? {};
            const cost = inputs.points_amount ?? reward.points_amount;
            const credit = inputs.credits_amount === undefined ? null : thousandths(inputs.credits_amount);
            const price = credit !== null ? spell(credit) : cost !== null ? points(cost) : null;
            const had = thousandths(credits);
            const change =
                credit !== null
                    ? had !== null && [t("store_credit"), spell(had), spell(had - credit)]
                    : before != null && cost !== null && [t("points"), number(before), number(before - cost)];
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
                more: nowHas(desk, customer, inputs.credits_amount === undefined ? "points" : "credit"),
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
                    ...facts(desk, inputs, before !== null && cost && [t("points"), number(before), number(before + cost)]),
                ],
                act: t("do_refund"),
            };
        },
        done: ({ customer }) => ({ heading: t("did_refund"), more: nowHas(desk, customer, "points") }),
    };
}

/** Correct the birthday: month and day, which is all that a birthday gift needs. */
export function birthdayForm(desk) {
    const { t, month, dayOfYear } = desk.words;
    const before = desk.view()?.customer?.dob ?? null;
    const [inMonth, onDay] = before ? before.split("-").slice(-2).map(Number) : ["", ""];
    const range = (count) => Array.from({ length: count }, (_, index) => index + 1);
    const fields = {
        month: selectField({
            label: t("month"),
            value: inMonth,
            choices: [["", t("choose")], ...range(12).map((each) => [each, month(each - 1)])],
        }),
        day: selectField({
            label: t("day"),
            value: onDay,
            choices: [["", t("choose")], ...range(31).map((each) => [each, String(each)])],
        }),
        reason: reasonField(desk),
    };
    const two = (text) => text.padStart(2, "0");
    return {
        title: t("birthday_title"),
        action: "update_customer_dob",
        fields,
        names: { dob: "day" },
        check() {
            const [chosenMonth, chosenDay] = [fields.month.read(), fields.day.read()];
            const wrong = wrongReason(desk, fields);
            const there = new Date(Date.UTC(2024, chosenMonth - 1, chosenDay)).getUTCMonth();
            if (!chosenMonth) wrong.month = t("wrong_choice");
            if (!chosenDay) wrong.day = t("wrong_choice");
            else if (chosenMonth && there !== chosenMonth - 1) wrong.day = t("wrong_day");
            return { wrong, inputs: { dob: `${two(chosenMonth)}-${two(chosenDay)}`, ...reasonOf(fields) } };
        },
        confirm: (inputs) => ({
            ask: t("ask_birthday"),
            says: t(before ? "will_birthday_from" : "will_birthday", {
                name: desk.name(),
                date: dayOfYear(inputs.dob),
                before: before && dayOfYear(before),
            }),
            facts: facts(desk, inputs),
            act: t("do_birthday"),
        }),
        done: ({ customer }, inputs) => ({
            heading: t("did_birthday"),
            more: t("birthday_is", { date: dayOfYear(customer?.dob ?? inputs.dob) }),
        }),
    };
}

/** Cancel the paid membership. */
export function cancelForm(desk) {
    const { t, date } = desk.words;
    const next = desk.view()?.subscription?.next_billing_date_at ?? null;
    const fields = {
        when: choiceField({
            label: t("when"),
            kind: "cards",
            value: "end_of_period",
            choices: [
                ["end_of_period", t("at_period_end"), next && date(next)],
                ["immediate", t("at_once")],
                ["policy", t("by_policy")],
            ],
        }),
        reason: reasonField(desk),
    };
    const words = {
        end_of_period: next ? "will_cancel_end_on" : "will_cancel_end",
        immediate: "will_cancel_now",
    };
    return {
        title: t("cancel_title"),
        action: "cancel_membership",
        fields,
        names: { cancellation_policy: "when" },
        check() {
            const when = fields.when.read();
            const policy = when === "policy" ? {} : { cancellation_policy: when };
            return { wrong: wrongReason(desk, fields), inputs: { ...policy, ...reasonOf(fields) } };
        },
        confirm: (inputs) => ({
            ask: t("ask_cancel"),
            says: t(words[inputs.cancellation_policy] ?? "will_cancel", {
                name: desk.name(),
                date: next && date(next),
            }),
            facts: facts(desk, inputs),
            act: t("do_cancel"),
            danger: true,
        }),
        done: ({ membership_cancellation: made }) => ({ heading: t("did_cancel"), more: made?.message }),
    };
}

/** Take back what an operation of ours did; `answer` is the answer to that. */
export function undoForm(desk, { operation, points_event: event }) {
    const { t, points, number, money } = desk.words;
    const fields = desk.limits.reason_required ? { reason: reasonField(desk) } : {};
    const diff = event?.points_diff ?? 0;
    const credit = thousandths(event?.credits_diff) ?? 0;
    const amount = diff ? points(Math.abs(diff)) : money(decimal(Math.abs(credit)), desk.currency());
    const kind = diff + credit < 0 ? "will_undo_taken" : diff ? "will_undo_points" : "will_undo_credit";
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
                facts: facts(desk, inputs, before !== null && diff && [t("points"), number(before), number(before - diff)]),
                act: t("do_undo"),
            };
        },
        done: ({ customer }) => ({
            heading: t("did_undo"),
            more: nowHas(desk, customer, diff ? "points" : "credit"),
        }),
    };
}

/** Say what a reward costs, as far as that is fixed. */
export function rewardPrice(desk, reward) {
    const { t, points, money } = desk.words;
    const { kind } = priceOf(desk, reward);
    if (kind === "credit") return t("up_to", { amount: money(reward.credits_amount, desk.currency()) });
    return reward.points_amount === null ? "" : points(reward.points_amount);
}

/** Tell whether a reward has a price of one's choice, and within which bounds. */
function priceOf(desk, reward) {
    if (reward.credits_amount !== null) {
        return { kind: "credit", least: 0, most: thousandths(reward.credits_amount) };
    }
    if (desk.isIncremental(reward.reward_id)) {
        return { kind: "points", least: reward.points_amount, most: desk.view()?.balance?.points ?? null };
    }
    return { kind: "fixed" };
}

function reasonFields(desk) {
    const note = textField({ label: desk.words.t("note"), optional: desk.words.t("optional") });
    return { reason: reasonField(desk), note };
}

function reasonField(desk) {
    const { t } = desk.words;
    const required = Boolean(desk.limits.reason_required);
    const optional = required ? null : t("optional");
    if (!desk.reasons.length) {
        return textField({ label: t("reason"), hint: t("reason_hint"), required, optional });
    }
    const choices = [["", t("choose")], ...desk.reasons.map((each) => [each, each])];
    return selectField({ label: t("reason"), choices, optional });
}

function reasonOf({ reason, note }) {
    return {
        ...(reason?.read() ? { reason: reason.read() } : {}),
        ...(note?.read() ? { external_note: note.read() } : {}),
    };
}

function wrongReason(desk, { reason }) {
    if (!desk.limits.reason_required || !reason || reason.read()) return {};
    return { reason: desk.words.t(desk.reasons.length ? "wrong_reason" : "wrong_reason_text") };
}

/** The lines of a confirmation: a balance before and after, why, what the customer is told. */
function facts({ words: { t } }, { reason, external_note: note }, change) {
    const [what, before, after] = change || [];
    return [
        ...(change ? [[what, el("span", { class: "quiet" }, before), " → ", el("b", {}, after)]] : []),
        ...(reason ? [[t("reason"), reason]] : []),
        ...(note ? [[t("note"), note]] : []),
    ];
}

function nowHas(desk, customer, what) {
    if (!customer) return null;
    const { t, points, money } = desk.words;
    const name = desk.name();
    return what === "points"
        ? customer.points_tally !== null && t("now_has_points", { name, points: points(customer.points_tally) })
        : customer.credits_tally !== null &&
              t("now_has_credit", { name, credit: money(customer.credits_tally, desk.currency()) });
}

function undoButton(desk) {
    if (!desk.may("reverse_points_event")) return null;
    return (body) => button(desk.words.t("undo"), () => desk.open(undoForm, body));
}

function hints(...texts) {
    return texts.filter(Boolean).join(" ") || null;
}

/** Read a whole number above 0; null if it is none. */
function wholeOf(text) {
    return /^\d{1,9}$/.test(text) && Number(text) > 0 ? Number(text) : null;
}

/** Read an amount of money above 0 in thousandths, with a point or a comma; null if it is none. */
function moneyOf(text) {
    const found = /^(\d{1,9})(?:[.,](\d{1,2}))?$/.exec(text);
    const amount = found ? thousandths(found[2] ? `${found[1]}.${found[2]}` : found[1]) : 0;
    return amount > 0 ? amount : null;
}
