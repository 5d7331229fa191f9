/*
 * What forms are made of. A form is a function that answers {title, action, fields, first, names,
 * check, confirm, done, undo}: `check` answers {wrong: {field: text}, inputs}, `confirm` says what
 * will happen with these inputs, `done` what did, read off the answer. `names` says which field an
 * input of the service belongs to.
 *
 * `desk` is what a form may know: {words, view, name, currency, limits, reasons, may, open, offer}.
 * `view()` is the newest view, `offer(code)` shows a new code with its buttons.
 *
 * Each field is {node, read, fail, focus}: `read` answers the value, `fail` shows what is wrong with
 * it (null: nothing), `focus` goes there. A text can be asked for in other words later:
 * `rename({label, hint, value})`.
 */

import { el } from "./dom.js";
import { thousandths } from "./words.js";

let made = 0;

/** A text of one line; `unit` stands after it, `mode` is the keyboard that suits. */
export function textField({ label, hint, unit, mode, most = 200, required = false, optional }) {
    const input = el("input", {
        class: "input",
        type: "text",
        inputmode: mode,
        maxlength: most,
        autocomplete: "off",
        required,
        "aria-required": required ? "true" : null,
    });
    const held = unit ? el("div", { class: "with-unit" }, input, el("span", {}, unit)) : input;
    const field = labelled(label, input, held, { hint, optional });
    return {
        ...field,
        read: () => input.value.trim(),
        rename({ label: text, hint: more, value = "" }) {
            field.node.querySelector("label").textContent = text;
            field.node.querySelector(".hint").textContent = more;
            input.value = value;
            field.fail(null);
        },
    };
}

/** A list to choose one from; `choices` are [value, text], the first of them may be "". */
export function selectField({ label, hint, choices, value = "", optional }) {
    const select = el(
        "select",
        { class: "input" },
        choices.map(([each, text]) =>
            el("option", { value: each, selected: String(each) === String(value) }, text),
        ),
    );
    return { ...labelled(label, select, select, { hint, optional }), read: () => select.value };
}

/** A few choices, all of them to be seen; `choices` are [value, text, quiet text]. */
export function choiceField({ label, choices, value, kind = "segments", changed, unseen = false }) {
    const name = id();
    const wrong = el("p", { class: "wrong", id: `${name}-wrong`, hidden: true });
    const options = choices.map(([each, text, more]) =>
        el(
            "label",
            { class: "choice" },
            el("input", {
                type: "radio",
                name,
                value: each,
                checked: String(each) === String(value),
                on: { change: () => changed?.(each) },
            }),
            el("span", { class: "choice-text" }, text),
            more && el("span", { class: "quiet" }, more),
        ),
    );
    const node = el(
        "fieldset",
        { class: `field ${kind}`, "aria-describedby": wrong.id },
        el("legend", { class: unseen ? "unseen" : "label" }, label),
        el("div", { class: "choices" }, options),
        wrong,
    );
    const inputs = () => [...node.querySelectorAll("input")];
    const chosen = () => inputs().find((input) => input.checked);
    return {
        node,
        read: () => chosen()?.value ?? "",
        fail: (text) => show(wrong, text),
        focus: () => (chosen() ?? inputs()[0])?.focus(),
    };
}

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

function labelled(label, control, held, { hint, optional }) {
    const name = id();
    control.id = name;
    const told = hint && el("p", { class: "hint", id: `${name}-hint` }, hint);
    const wrong = el("p", { class: "wrong", id: `${name}-wrong`, hidden: true });
    control.setAttribute("aria-describedby", told ? `${told.id} ${wrong.id}` : wrong.id);
    const more = optional && el("span", { class: "quiet" }, ` ${optional}`);
    return {
        node: el(
            "div",
            { class: "field" },
            el("label", { class: "label", for: name }, label, more),
            held,
            told,
            wrong,
        ),
        fail: (text) => {
            control.setAttribute("aria-invalid", text ? "true" : "false");
            show(wrong, text);
        },
        focus: () => control.focus(),
    };
}

function show(wrong, text) {
    wrong.textContent = text ?? "";
    wrong.hidden = !text;
}

function id() {
    made += 1;
    return `field-${made}`;
}
