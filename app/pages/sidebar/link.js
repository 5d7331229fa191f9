/* The host of a signed link: one customer, to read only; the link's token proves the rest. */

import { answered, copyText } from "./host.js";
import { start } from "./sidebar.js";

const VIEW = new URL("view", import.meta.url);
const token = () => new URLSearchParams(location.hash.slice(1)).get("token") ?? "";

start(
    {
        name: "link",
        canWrite: false,
        canInsert: false,
        customer: async () => ({ id: null, ticketId: null }),
        onCustomer: (changed) => addEventListener("hashchange", changed),
        async call(_action, _inputs, { etag } = {}) {
            const headers = { Authorization: `Bearer ${token()}` };
            if (etag) headers["If-None-Match"] = etag;
            return answered(await fetch(VIEW, { headers, cache: "no-store" }));
        },
        insert() {},
        copy: copyText,
        resize() {},
        scheme: () => new URLSearchParams(location.hash.slice(1)).get("scheme"),
        onScheme() {},
    },
    document.getElementById("sidebar"),
);
