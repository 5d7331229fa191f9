/*
 * A stand-in for the vendor's SDK, written from what is known of its wire protocol: strings by
 * postMessage, taken only from the parent window at the origin that the page was opened with.
 */
"use strict";

window.ZAFClient = {
    init() {
        const asked = new URLSearchParams(location.search + "&" + location.hash.slice(1));
        const [origin, guid] = [asked.get("origin"), asked.get("app_guid")];
        return origin && guid ? makeClient(origin, guid) : false;
    },
};

function makeClient(origin, guid) {
    const handlers = new Map();
    const pending = new Map();
    const waiting = [];
    let registered = null;
    let number = 0;
    let requests = 0;

    function post(message, { early = false } = {}) {
        const text = JSON.stringify({ ...message, appGuid: guid, instanceGuid: guid });
        if (registered || early) window.parent.postMessage(text, origin);
        else waiting.push(text);
    }

    function ask(request, params) {
        number += 1;
        const id = number;
        post({ id, request, params });
        return new Promise((resolve, reject) => pending.set(id, { resolve, reject }));
    }

    const one = (path) => (result) => {
        const wrong = typeof path === "string" && result?.errors?.[path];
        if (wrong) throw Object.assign(new Error(wrong.message), { name: wrong.name });
        return result;
    };

    const client = {
        get: (path) => ask("get", [].concat(path)).then(one(path)),
        set: (path, value) => ask("set", { [path]: value }).then(one(path)),
        invoke: (path, ...given) => ask("invoke", { [path]: given }).then(one(path)),
        on(name, handler) {
            handlers.set(name, [...(handlers.get(name) ?? []), handler]);
            post({ key: `iframe.on:${name}`, message: { subscriberCount: handlers.get(name).length } });
        },
        off(name, handler) {
            handlers.set(name, (handlers.get(name) ?? []).filter((each) => each !== handler));
            post({ key: `iframe.off:${name}`, message: { subscriberCount: handlers.get(name).length } });
        },
        request(options) {
            requests += 1;
            const key = `request:${requests}`;
            return new Promise((resolve, reject) => {
                client.on(`${key}.done`, ({ responseArgs }) => resolve(...responseArgs));
                client.on(`${key}.fail`, ({ responseArgs }) => reject(...responseArgs));
                post({ key, message: options });
            });
        },
        context: async () => (await greeted).context,
        metadata: async () => (await greeted).metadata,
    };

    let greet;
    const greeted = new Promise((resolve) => (greet = resolve));

    window.addEventListener("message", (event) => {
        if (event.origin !== origin || event.source !== window.parent) return;
        const message = JSON.parse(event.data);
        if (message.id && pending.has(message.id)) {
            const { resolve, reject } = pending.get(message.id);
            pending.delete(message.id);
            if (message.error) reject(new Error(message.error.message));
            else resolve(message.result);
            return;
        }
        const name = message.key?.startsWith("zaf.") ? message.key.slice(4) : null;
        if (name === "app.registered") {
            registered = message.message;
            waiting.splice(0).forEach((text) => window.parent.postMessage(text, origin));
            greet(registered);
        }
        if (name) (handlers.get(name) ?? []).forEach((handler) => handler(message.message));
    });

    document.documentElement.addEventListener("click", () => client.invoke("track", { type: "click" }));
    post({ key: "iframe.handshake", message: { version: "stand-in" } }, { early: true });
    return client;
}
