/* What the parts of the view share: a heading or what is wrong, lists, and what stands in for it. */

import { button, el } from "./dom.js";

/** Make one part; where it could not be had, it says so in place of its content. */
export function section(desk, name, part, title, ...content) {
    const heading = el("h2", { id: `head-${name}` }, title);
    const trouble = part?.error && el("p", { class: "trouble" }, desk.words.t("partial"));
    return el(
        "section",
        { class: `part ${name}`, "aria-labelledby": heading.id },
        heading,
        trouble || content,
    );
}

/** List rows, the first `few` of them, and all for whoever wants to see; it stays as it was left. */
export function listed(desk, name, few, rows) {
    const { t } = desk.words;
    const list = el("ul", { class: "rows" }, rows);
    if (rows.length <= few + 1) return list;
    const more = button("", toggle, { kind: "more", focus: `more-${name}` });
    function apply() {
        const open = desk.opened.has(name);
        rows.forEach((row, index) => {
            row.hidden = !open && index >= few;
        });
        more.setAttribute("aria-expanded", String(open));
        more.firstChild.textContent = open ? t("show_less") : t("show_all", { count: rows.length });
    }
    function toggle() {
        if (!desk.opened.delete(name)) desk.opened.add(name);
        apply();
    }
    apply();
    return [list, more];
}

/** A line that says that there is nothing. */
export function nothing(text) {
    return el("p", { class: "quiet" }, text);
}

/** The bones of a view that is not there yet. */
export function skeleton() {
    const bones = ["a", "b", "c", "d"].map((each) => el("div", { class: each }));
    return el("div", { class: "skeleton", "aria-hidden": "true" }, bones);
}
