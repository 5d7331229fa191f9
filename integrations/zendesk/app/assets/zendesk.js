/*
 * The sidebar's host inside Zendesk. The service is called through Zendesk's proxy, which signs a
 * token with the secret of the installation: this page never sees it.
 */

import { copyText, makeKey } from "./sidebar/host.js";
import { start } from "./sidebar/sidebar.js";
import { ADDRESS } from "./service.js";

const TIMEOUT = 8_000; // milliseconds; the service answers within 4 s
const PATIENCE = 10_000; // and so long we wait for the proxy, which may have no limit of its own
const HIGHEST = 1_000; // pixels; what is beyond scrolls
const TOKEN_SECONDS = 120;

const TICKET = { id: "ticket.id", email: "ticket.requester.email", more: "ticket.requester" };
const USER = { id: "", email: "user.email", more: "user" };
const CHANGES = ["ticket.requester.email.changed", "ticket.requester.id.changed"];

/** Make the host; `client` is the vendor's, and has greeted Zendesk. */
async function makeHost(client) {
    const [context, values] = await Promise.all([
        client.context(),
        client.get(["currentUser", "colorScheme"]),
    ]);
    const inTicket = context.location !== "user_sidebar";
    const account = context.account?.subdomain ?? "";
    const agent = values.currentUser ?? {};
    let scheme = known(values.colorScheme) ?? known(new URLSearchParams(location.search).get("colorScheme"));
    let now = await whose();

    async function whose() {
        const paths = inTicket ? TICKET : USER;
        const found = await client.get(Object.values(paths).filter(Boolean));
        return {
            id: found[paths.email] || found[paths.more]?.email || null,
            ticketId: paths.id && found[paths.id] ? String(found[paths.id]) : null,
        };
    }

    /** Say who asks; Zendesk's proxy adds when that ends. */
    function claims() {
        const said = {
            iss: account,
            aud: `${account}.zendesk.com`,
            sub: String(agent.id ?? ""),
            email: agent.email,
            name: agent.name,
            jti: makeKey(),
        };
        return Object.fromEntries(Object.entries(said).filter(([, value]) => value));
    }

    async function call(action, inputs, { write = false, key, etag } = {}) {
        const more = { ticket_id: now.ticketId, idempotency_key: key };
        const data = { ...inputs, ...Object.fromEntries(Object.entries(more).filter(([, value]) => value)) };
        const answer = await ask(client, {
            url: action ? `${ADDRESS}/${action}` : ADDRESS,
            type: action ? "POST" : "GET",
            ...(action && { data: JSON.stringify(data), contentType: "application/json" }),
            headers: {
                Authorization: "Bearer {{jwt.token}}",
                Accept: "application/json",
                ...(etag && { "If-None-Match": etag }),
            },
            jwt: {
                algorithm: "HS256",
                secret_key: "{{setting.shared_secret}}",
                expiry: TOKEN_SECONDS,
                claims: claims(),
            },
            dataType: "json",
            httpCompleteResponse: true,
            secure: true,
            cors: false,
            autoRetry: false,
            timeout: TIMEOUT,
        });
        const told = read(answer);
        // A token is taken once: had the proxy sent a write twice, this would be the second answer.
        if (write && told.status === 401) throw new Error("whether the write arrived is not known");
        return told;
    }

    return {
        name: "zendesk",
        canWrite: true,
        canInsert: inTicket,
        customer: async () => now,
        onCustomer(changed) {
            const look = async () => {
                const found = await whose();
                const same = found.id === now.id && found.ticketId === now.ticketId;
                now = found;
                if (!same) changed();
            };
            for (const name of inTicket ? CHANGES : ["user.email.changed"]) client.on(name, look);
        },
        call,
        insert: (text) => client.invoke("ticket.comment.appendText", text),
        copy: copyText,
        resize(height) {
            const size = { width: "100%", height: `${Math.min(Math.ceil(height), HIGHEST)}px` };
            client.invoke("resize", size).catch(() => {}); // the page scrolls where it cannot grow
        },
        scheme: () => scheme,
        onScheme(changed) {
            client.on("colorScheme.changed", (value) => {
                scheme = known(value) ?? scheme;
                changed();
            });
        },
        onActive(changed) {
            client.on("app.activated", () => changed(true));
            client.on("app.deactivated", () => changed(false));
            client.on("app.willDestroy", () => changed(false));
        },
    };
}

function known(value) {
    return value === "light" || value === "dark" ? value : null;
}

/** Ask through the proxy; what it calls a failure is an answer, too. */
function ask(client, options) {
    return new Promise((resolve, reject) => {
        const late = setTimeout(() => reject(new Error("nothing came back in time")), PATIENCE);
        client
            .request(options)
            .then(resolve, resolve)
            .finally(() => clearTimeout(late));
    });
}

/** Read a complete answer; an error page that is not the service's says nothing of what was done. */
function read(answer) {
    const complete = answer && ("responseText" in answer || "responseJSON" in answer);
    const status = complete ? Number(answer.status) : 200;
    if (status === 304) return { status, etag: etagOf(answer.headers), body: null };
    const body = complete ? (answer.responseJSON ?? parsed(answer.responseText)) : answer;
    if (!status || body === null || typeof body !== "object" || body instanceof Error) {
        throw new Error("no answer of the service came back");
    }
    return { status, etag: etagOf(complete ? answer.headers : null), body };
}

function parsed(text) {
    try {
        return JSON.parse(text);
    } catch {
        return null;
    }
}

/** Find the view's tag, as an object or as lines; without it every poll is answered in full. */
function etagOf(headers) {
    if (typeof headers === "string") return /^etag:\s*(.+?)\s*$/im.exec(headers)?.[1] ?? null;
    const found = Object.entries(headers ?? {}).find(([name]) => name.toLowerCase() === "etag");
    return found ? String(found[1]) : null;
}

const root = document.getElementById("sidebar");
const client = window.ZAFClient?.init();
if (client) {
    makeHost(client)
        .then((host) => start(host, root))
        .catch(() => (root.textContent = "The app could not start. Reload the page to try again."));
} else {
    root.textContent = "This page is part of the Zendesk app: open it in a ticket.";
}
