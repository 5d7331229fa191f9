/* One opened form, from what is typed to what did happen: fill in, confirm, result. */

import { button, el, icon } from "./dom.js";
import { makeKey } from "./host.js";
import { mayAskAgain, outcomeOf } from "./outcome.js";

const MARKS = {
    done: "check",
    already: "check",
    unknown: "wait",
    waiting: "wait",
    running: "wait",
    lost: "warn",
    review: "warn",
    refused: "warn",
    not_sent: "warn",
};

/**
 * Open a form.
 *
 * `form` is what one of the forms answers: {title, fields, check, confirm, done}. `desk` is {words, send, close,
 * ended, show, actions}: `send(action, inputs, key)` answers what came back, or null; `ended(words)`
 * hears of every answer; `close()` puts the view back; `show` is told when the content is another.
 */
export function openPanel(form, desk) {
    const { t } = desk.words;
    const node = el("section", { class: "panel" });
    const fields = Object.values(form.fields);
    const trouble = el("p", { class: "wrong", role: "alert", hidden: true });
    let key = makeKey();
    let step = "fill";
    let wanted = null;

    const filled = el(
        "form",
        { novalidate: true, on: { submit: check } },
        fields.map((field) => field.node),
        trouble,
        el(
            "div",
            { class: "buttons" },
            el("button", { class: "button primary", type: "submit" }, t("go_on")),
            button(t("close"), desk.close),
        ),
    );

    node.addEventListener("keydown", (event) => {
        if (event.key !== "Escape" || step === "sending") return;
        event.preventDefault();
        if (step === "confirm") fill();
        else desk.close();
    });

    function page(name, title, ...content) {
        step = name;
        const heading = el("h2", { tabindex: -1, id: "panel-title" }, title);
        node.setAttribute("aria-labelledby", heading.id);
        node.dataset.step = name;
        node.replaceChildren(heading, ...content.filter(Boolean));
        desk.show();
        return heading;
    }

    function fill(wrong = {}) {
        page("fill", form.title, filled);
        trouble.hidden = !wrong.form;
        trouble.textContent = wrong.form ?? "";
        for (const [name, field] of Object.entries(form.fields)) field.fail(wrong[name] ?? null);
        const first = Object.keys(form.fields).find((name) => wrong[name]);
        (form.fields[first] ?? form.fields[form.first] ?? fields[0])?.focus();
        desk.show();
    }

    function check(event) {
        event.preventDefault();
        const { wrong, inputs } = form.check();
        if (wrong && Object.keys(wrong).length) return fill(wrong);
        if (JSON.stringify(inputs) !== JSON.stringify(wanted)) key = makeKey();
        wanted = inputs;
        confirm();
    }

    function confirm() {
        const { ask, says, notes = [], facts = [], act, danger } = form.confirm(wanted);
        const go = button(act, () => send(go), { kind: danger ? "primary danger" : "primary" });
        page(
            "confirm",
            ask,
            el("p", {}, says),
            facts.length ? el("dl", { class: "facts" }, facts.map(fact)) : null,
            ...notes.map((text) => el("p", { class: "note" }, icon("warn"), el("span", {}, text))),
            el(
                "div",
                { class: "buttons" },
                go,
                button(t("back"), () => fill()),
            ),
        ).focus();
    }

    async function send(go) {
        if (step === "sending") return;
        step = "sending";
        node.setAttribute("aria-busy", "true");
        go.setAttribute("aria-disabled", "true");
        go.querySelector("span").textContent = t("sending");
        const outcome = outcomeOf(await desk.send(form.action, wanted, key));
        node.removeAttribute("aria-busy");
        tell(outcome);
        desk.ended(node.querySelector("h2").textContent, outcome);
    }

    function tell(outcome) {
        const { kind, body, operation, error } = outcome;
        if (kind === "field") {
            const field = form.names?.[body.field] ?? body.field;
            return fill({ [form.fields[field] ? field : "form"]: error });
        }
        const told = kind === "done" ? form.done(body, wanted) : { heading: t(kind) };
        const more = kind === "done" ? told.more : t(`${kind}_more`);
        const again = mayAskAgain(outcome)
            ? button(t(kind === "not_sent" ? "retry" : "ask_again"), () => send(again))
            : null;
        const change =
            kind === "refused" && fields.length
                ? button(t("change"), () => {
                      key = makeKey();
                      fill();
                  })
                : null;
        const heading = page(
            "result",
            told.heading,
            more && el("p", {}, more),
            error && ["refused", "not_sent"].includes(kind) && el("p", { class: "said" }, error),
            ...(told.content ?? []),
            el(
                "div",
                { class: "buttons" },
                button(t("done"), desk.close, { kind: kind === "done" ? "primary" : "" }),
                again,
                change,
                kind === "done" && form.undo ? form.undo(body) : null,
            ),
            operation && el("p", { class: "operation" }, t("operation", { id: operation.id })),
        );
        node.dataset.outcome = kind;
        heading.prepend(el("span", { class: `mark ${kind}` }, icon(MARKS[kind])));
        heading.focus();
    }

    function fact([name, ...values]) {
        return el("div", {}, el("dt", {}, name), el("dd", {}, ...values));
    }

    return { node, start: () => (fields.length ? fill() : check(new Event("submit"))) };
}
