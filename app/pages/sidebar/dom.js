/* Elements, made of text alone: nothing that came from elsewhere is ever read as HTML. */

const SVG = "http://www.w3.org/2000/svg";
const ICONS = {
    copy: "M5.5 5.5v-3h8v8h-3M2.5 5.5h8v8h-8z",
    insert: "M6.5 3.5l-4 4 4 4M2.5 7.5h7a4 4 0 0 1 4 4v1",
    refund: "M3 3v3.5h3.5M3.2 6.5A5.5 5.5 0 1 1 2.5 9",
    refresh: "M13 2.5V6H9.5M12.8 6A5.5 5.5 0 1 0 13.5 9",
    back: "M9.5 3.5L5 8l4.5 4.5",
    close: "M4 4l8 8M12 4l-8 8",
    check: "M3 8.5l3.5 3.5L13 4.5",
    wait: "M8 4.5V8l2.5 2M14 8A6 6 0 1 1 2 8a6 6 0 0 1 12 0z",
    warn: "M8 5v4M8 11.2v.3M8 1.8L1.5 13.5h13z",
    plus: "M8 3v10M3 8h10",
    edit: "M10.5 3l2.5 2.5L5.5 13H3v-2.5z",
    person: "M8 8a2.8 2.8 0 1 0 0-5.6A2.8 2.8 0 0 0 8 8zM2.8 13.8a5.2 5.2 0 0 1 10.4 0",
    cloud: "M4.5 12.5a3 3 0 0 1-.3-6A4 4 0 0 1 12 7.2a2.7 2.7 0 0 1-.5 5.3z",
    star: "M8 2l1.8 4 4.4.4-3.3 2.9 1 4.3L8 11.3l-3.9 2.3 1-4.3L1.8 6.4l4.4-.4z",
};

/**
 * Make an element. `on` holds listeners, `data` data attributes; true is an empty attribute, and
 * null, undefined or false is none. Children are elements, texts, or nothing.
 */
export function el(tag, attributes = {}, ...children) {
    return fill(document.createElement(tag), attributes, children);
}

/** Make an element of a drawing. */
export function svg(tag, attributes = {}, ...children) {
    return fill(document.createElementNS(SVG, tag), attributes, children);
}

/** Draw an icon; it says nothing that a text does not say, too. */
export function icon(name) {
    return svg(
        "svg",
        { class: "icon", viewBox: "0 0 16 16", "aria-hidden": "true", focusable: "false" },
        svg("path", { d: ICONS[name] }),
    );
}

/** Make a button; `focus` names it, so that the focus finds it again in a later view. */
export function button(text, act, { kind = "", mark, label, focus, ...more } = {}) {
    return el(
        "button",
        {
            type: "button",
            class: `button ${kind}`.trim(),
            "aria-label": label,
            title: label,
            data: { focus },
            on: { click: act },
            ...more,
        },
        mark && icon(mark),
        text !== null && el("span", {}, text),
    );
}

function fill(node, { on = {}, data = {}, ...attributes }, children) {
    for (const [name, value] of Object.entries(attributes)) {
        if (value !== null && value !== undefined && value !== false) {
            node.setAttribute(name, value === true ? "" : value);
        }
    }
    for (const [name, value] of Object.entries(data)) {
        if (value !== undefined) node.dataset[name] = value;
    }
    for (const [name, listener] of Object.entries(on)) node.addEventListener(name, listener);
    const there = children.flat(Infinity).filter((child) => child || child === 0);
    node.append(...there.map((child) => (child instanceof Node ? child : String(child))));
    return node;
}
