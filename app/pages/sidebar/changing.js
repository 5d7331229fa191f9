/* The forms that change what is known: the birthday, and the end of a membership. */

import { choiceField, facts, reasonField, reasonOf, selectField, wrongReason } from "./fields.js";

const SOON = ["pending", "queued"];

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
            return {
                wrong,
                inputs: { dob: `${two(chosenMonth)}-${two(chosenDay)}`, ...reasonOf(fields) },
            };
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
        done: ({ membership_cancellation: made }) => ({
            heading: t(SOON.includes(made?.status) ? "did_accept_cancel" : "did_cancel"),
            more: made?.message,
        }),
    };
}
