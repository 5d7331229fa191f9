/*
 * The fields of forms. Each is {node, read, fail, focus}: `read` answers the value, `fail` shows what
 * is wrong with it (null: nothing), `focus` goes there. A text can be asked for in other words later:
 * `rename({label, hint, value})`.
 */

import { el } from "./dom.js";

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
