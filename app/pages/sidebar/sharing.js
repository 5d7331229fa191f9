/*
 * A form is a function that answers {title, action, fields, first, names, check, confirm, done, undo}:
 * `check` answers {wrong: {field: text}, inputs}, `confirm` says what will happen with these inputs,
 * `done` what did, read off the answer. `names` says which field an input of the service belongs to.
 *
 * `desk` is what a form may know: {words, view, name, currency, limits, reasons, may, open, offer}.
 * `view()` is the newest view, `offer(code)` shows a new code with its buttons. Here is what forms
 * share.
 */

import { el } from "./dom.js";
import { selectField, textField } from "./fields.js";
import { thousandths } from "./words.js";

/** The fields of a gift: why, and what the customer is told. */
export function reasonFields(desk) {
    const note = textField({ label: desk.words.t("note"), optional: desk.words.t("optional") });
    return { reason: reasonField(desk), note };
}

/** Why; from the shop's list where it has one. */
export function reasonField(desk) {
    const { t } = desk.words;
    const required = Boolean(desk.limits().reason_required);
    const optional = required ? null : t("optional");
    if (!desk.reasons().length) {
        return textField({ label: t("reason"), hint: t("reason_hint"), required, optional });
    }
    const choices = [["", t("choose")], ...desk.reasons().map((each) => [each, each])];
    return selectField({ label: t("reason"), choices, optional });
}

/** The inputs that these fields make. */
export function reasonOf({ reason, note }) {
    return {
        ...(reason?.read() ? { reason: reason.read() } : {}),
        ...(note?.read() ? { external_note: note.read() } : {}),
    };
}

/** What is wrong with the reason, if anything. */
export function wrongReason(desk, { reason }) {
    if (!desk.limits().reason_required || !reason || reason.read()) return {};
    return { reason: desk.words.t(desk.reasons().length ? "wrong_reason" : "wrong_reason_text") };
}

/** The lines of a confirmation: a balance before and after, why, what the customer is told. */
export function facts({ words: { t } }, { reason, external_note: note }, change) {
    const [what, before, after] = change || [];
    return [
        ...(change
            ? [[what, el("span", { class: "quiet" }, before), " → ", el("b", {}, after)]]
            : []),
        ...(reason ? [[t("reason"), reason]] : []),
        ...(note ? [[t("told"), note]] : []),
    ];
}

/** Say what the customer has after it. */
export function nowHas(desk, customer, what) {
    if (!customer) return null;
    const { t, points, money } = desk.words;
    const name = desk.name();
    return what === "points"
        ? customer.points_tally !== null &&
              t("now_has_points", { name, points: points(customer.points_tally) })
        : customer.credits_tally !== null &&
              t("now_has_credit", { name, credit: money(customer.credits_tally, desk.currency()) });
}

/** Join what there is to say below a field. */
export function hints(...texts) {
    return texts.filter(Boolean).join(" ") || null;
}

/** Read a whole number above 0; null if it is none. */
export function wholeOf(text) {
    return /^\d{1,9}$/.test(text) && Number(text) > 0 ? Number(text) : null;
}

/** Read an amount of money above 0 in thousandths, with a point or a comma; null if it is none. */
export function moneyOf(text) {
    const found = /^(\d{1,9})(?:[.,](\d{1,2}))?$/.exec(text);
    const amount = found ? thousandths(found[2] ? `${found[1]}.${found[2]}` : found[1]) : 0;
    return amount > 0 ? amount : null;
}
