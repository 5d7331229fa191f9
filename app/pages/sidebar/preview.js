/* The host of the preview: the demo shop, a customer to pick, and a reply to write. */

import { copyText } from "./host.js";
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
    const answer = await fetch(url, options);
    const body = answer.status === 304 ? null : await answer.json().catch(() => null);
    return { status: answer.status, etag: answer.headers.get("ETag"), body };
}

const listeners = { customer: [], scheme: [] };
const tell = (name) => listeners[name].forEach((changed) => changed());

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

/** Fill the picker with the demo shop's people; whoever the address names stays chosen. */
async function fill() {
    const answer = await call("list_customers", { per_page: 100 });
    const known = new Set([...picker.options].map((option) => option.value));
    for (const { email, first_name: first, last_name: last } of answer.body?.customers ?? []) {
        if (email && !known.has(email)) {
            other.before(new Option([first, last].filter(Boolean).join(" ") || email, email));
        }
    }
}

function choose(email) {
    if (![...picker.options].some((option) => option.value === email)) {
        other.before(new Option(email, email));
    }
    picker.value = email;
    tell("customer");
}

picker.addEventListener("change", () => tell("customer"));
colours.addEventListener("change", () => tell("scheme"));
if (asked.has("customer")) choose(asked.get("customer"));
if (["light", "dark"].includes(asked.get("scheme"))) {
    colours.value = asked.get("scheme");
    tell("scheme");
}
fill().catch(() => {});
