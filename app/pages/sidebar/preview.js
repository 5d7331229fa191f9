/* The host of the preview: the demo shop, a customer to pick, and a reply to write. */

import { answered, copyText } from "./host.js";
import { start } from "./sidebar.js";

const ACTIONS = new URL("../actions", import.meta.url);
const KEY = "demo";
const AGENT = {
    agent_email: "agent@helpdesk.example",
    agent_name: "Alex Agent",
    ticket_id: "1001",
};

const picker = document.getElementById("customer");
const other = document.getElementById("other");
const reply = document.getElementById("reply");
const colours = document.getElementById("scheme");
const asked = new URLSearchParams(location.search);

/** Send a request to the service, as a helpdesk's proxy would. */
async function call(action, inputs, { write = false, key, etag } = {}) {
    const headers = { Authorization: `Bearer ${KEY}` };
    const url = new URL(action ? `${ACTIONS}/${action}` : ACTIONS);
    const options = { headers, cache: "no-store" };
    if (key) headers["Idempotency-Key"] = key;
    if (etag) headers["If-None-Match"] = etag;
    if (write) {
        headers["Content-Type"] = "application/json";
        Object.assign(options, { method: "POST", body: JSON.stringify({ ...inputs, ...AGENT }) });
    } else {
        url.search = new URLSearchParams(inputs);
    }
    return answered(await fetch(url, options));
}

const listeners = { customer: [], scheme: [] };
const tell = (name) => listeners[name].forEach((changed) => changed());

/** Fill the picker with the demo shop's people; whoever the address names stays chosen. */
async function fill() {
    const answer = await call("list_customers", { per_page: 100 });
    for (const { email, first_name: first, last_name: last } of answer.body?.customers ?? []) {
        const name = [first, last].filter(Boolean).join(" ");
        if (email) optionOf(email).textContent = name || email;
    }
}

function optionOf(email) {
    const there = [...picker.options].find((option) => option.value === email);
    if (there) return there;
    const made = new Option(email, email);
    other.before(made);
    return made;
}

if (asked.has("customer")) optionOf(asked.get("customer")).selected = true;
if (["light", "dark"].includes(asked.get("scheme"))) colours.value = asked.get("scheme");
picker.addEventListener("change", () => tell("customer"));
colours.addEventListener("change", () => tell("scheme"));
start(
    {
        name: "preview",
        canWrite: true,
        canInsert: true,
        customer: async () => ({ id: picker.value || null, ticketId: AGENT.ticket_id }),
        onCustomer: (changed) => listeners.customer.push(changed),
        call,
        insert(text) {
            reply.setRangeText(text, reply.selectionStart, reply.selectionEnd, "end");
        },
        copy: copyText,
        resize() {},
        scheme: () => colours.value || null,
        onScheme: (changed) => listeners.scheme.push(changed),
    },
    document.getElementById("sidebar"),
);
// Nobody waits for the list before somebody is about to pick.
for (const sign of ["pointerenter", "focus"]) {
    picker.addEventListener(sign, () => fill().catch(() => {}), { once: true });
}
