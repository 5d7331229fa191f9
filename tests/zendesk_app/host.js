/*
 * A stand-in for Zendesk around the app: it has a ticket or a user, speaks the SDK's wire protocol,
 * and gives what the app asks for to the stand-in proxy.
 */
"use strict";

const GUID = "app-1";
const REPLY = "ticket.comment.appendText";
const PEOPLE = {
    agent: { id: 7, name: "Ada Agent", email: "ada@helpdesk.example", role: "agent", locale: "en-US" },
};

const zendesk = (window.zendesk = {
    values: { currentUser: PEOPLE.agent, colorScheme: "light" },
    heights: [], // what the app asked for, in pixels
    reply: "", // what was put into the reply
    invoked: [], // the names of what was invoked
    listened: new Set(), // the events that the app listens to
    said: [], // every message of the app, as text
    held: null, // an array: views wait in it
    closed: false, // whether nothing can be put into the reply
    bare: false, // whether the proxy's answers are bodies only

    /** Open the app; `where` is its location, `customer` whom the ticket or page is about. */
    open({ assets, where, customer, query = "" }) {
        const ticket = where === "ticket_sidebar";
        this.where = where;
        this.assets = new URL(assets).origin;
        if (ticket) this.values["ticket.id"] = 35436;
        this.name(customer);
        const frame = document.getElementById("app");
        const origin = encodeURIComponent(location.origin);
        frame.src = `${assets}/iframe.html?origin=${origin}&app_guid=${GUID}${query}`;
        return new Promise((resolve) => (frame.onload = () => resolve(true)));
    },

    /** Put somebody else's address into the ticket or page. */
    name(email) {
        const [path, more] =
            this.where === "ticket_sidebar" ? ["ticket.requester.email", "ticket.requester"] : ["user.email", "user"];
        this.values[path] = email;
        this.values[more] = email ? { id: 1, email } : { id: 1, email: null };
    },

    /** Make it another requester, and tell the app as Zendesk does. */
    change(email) {
        this.name(email);
        this.fire("ticket.requester.id.changed", 2);
        this.fire("ticket.requester.email.changed", email);
    },

    dress(scheme) {
        this.values.colorScheme = scheme;
        this.fire("colorScheme.changed", scheme);
    },

    fire(name, message) {
        if (this.listened.has(name)) tell({ key: `zaf.${name}`, message });
    },

    /** Give out the answers that wait, the last first. */
    release() {
        const held = this.held.reverse();
        this.held = null;
        held.forEach((give) => give());
    },
});

function tell(message) {
    document.getElementById("app").contentWindow.postMessage(JSON.stringify(message), zendesk.assets);
}

window.addEventListener("message", (event) => {
    if (event.origin !== zendesk.assets) return;
    zendesk.said.push(event.data);
    const message = JSON.parse(event.data);
    if (message.appGuid !== GUID) throw new Error("a message of no app");
    if (message.key === "iframe.handshake") {
        const context = {
            product: "support",
            location: zendesk.where,
            instanceGuid: GUID,
            account: { subdomain: "demo" },
        };
        tell({ key: "zaf.app.registered", message: { context, metadata: { appId: 1, settings: {} } } });
    } else if (message.request === "get") {
        tell({ id: message.id, result: read(message.params) });
    } else if (message.request === "invoke") {
        const errors = {};
        for (const [name, given] of Object.entries(message.params)) {
            if (zendesk.closed && name === REPLY) errors[name] = { name: "Error", message: "closed" };
            else invoke(name, given);
        }
        tell({ id: message.id, result: { errors } });
    } else if (message.key?.startsWith("iframe.on:")) {
        zendesk.listened.add(message.key.slice("iframe.on:".length));
    } else if (message.key?.startsWith("request:")) {
        proxy(message.key, message.message);
    }
});

function read(paths) {
    const result = { errors: {} };
    for (const path of paths) {
        if (path in zendesk.values) result[path] = zendesk.values[path];
        else result.errors[path] = { name: "APIDoesNotExistError", message: `no ${path}` };
    }
    return result;
}

function invoke(name, given) {
    zendesk.invoked.push(name);
    if (name === "resize") {
        const { width, height } = given[0];
        if (width !== "100%") throw new Error("a width");
        zendesk.heights.push(parseInt(height, 10));
        document.getElementById("app").style.height = height;
    }
    if (name === REPLY) zendesk.reply += given[0];
}

async function proxy(key, options) {
    const back = await fetch(`proxy${location.search}`, { method: "POST", body: JSON.stringify(options) });
    const answer = await back.json();
    const fine = answer.status < 400;
    const whole = options.httpCompleteResponse && !zendesk.bare;
    const body = answer.responseJSON ?? answer.responseText;
    const give = () =>
        tell({
            key: `zaf.${key}.${fine ? "done" : "fail"}`,
            message: { responseArgs: [fine && !whole ? body : answer] },
        });
    if (zendesk.held && options.url.endsWith("/get_sidebar")) zendesk.held.push(give);
    else give();
}
