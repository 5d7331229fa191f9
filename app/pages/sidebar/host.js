/**
 * What the sidebar needs of the place where it stands. Every host is one small module; the sidebar
 * knows of no other thing outside itself.
 *
 * @typedef {object} Host
 * @property {string} name what it is: "preview", "link", "zendesk"
 * @property {object} [texts] texts in place of those of `texts.js`, any of them
 * @property {boolean} canWrite whether forms may be offered
 * @property {boolean} canInsert whether a text can be put into the reply
 * @property {() => Promise<{id: ?string, ticketId: ?string}>} customer whom it is about: an e-mail
 *   address or Rivo's id; null where the ticket names nobody
 * @property {(changed: () => void) => void} onCustomer hears that it is about somebody else now
 * @property {(action: string, inputs: object, how: {write?: boolean, key?: string, etag?: ?string})
 *   => Promise<{status: number, etag: ?string, body: ?object}>} call asks the service; the action ""
 *   lists what may be done. It adds the agent and the ticket by itself. It rejects only where no
 *   answer came back
 * @property {(text: string) => (void|Promise<void>)} insert puts a text into the reply; it rejects
 *   where it could not
 * @property {(text: string) => Promise<void>} copy puts a text on the clipboard, or rejects
 * @property {(height: number) => void} resize hears how many pixels high the sidebar is
 * @property {() => ("light"|"dark"|null)} scheme the colours of the host; null: those of the system
 * @property {(changed: () => void) => void} onScheme hears that they changed
 * @property {(changed: (active: boolean) => void) => void} [onActive] hears that nobody can see it
 *   (and again can), where the page's own visibility does not tell
 */

/** Make a key for one intended write: 128 random bits. */
export function makeKey() {
    const bytes = crypto.getRandomValues(new Uint8Array(16));
    return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Read an answer of `fetch` as `call` answers; what is no JSON is no body. */
export async function answered(response) {
    const text = await response.text();
    let body = null;
    try {
        body = text ? JSON.parse(text) : null;
    } catch {
        // Somebody in between answered, not the service.
    }
    return { status: response.status, etag: response.headers.get("ETag"), body };
}

/** Copy a text; where the clipboard is closed to us, by way of a selection. */
export async function copyText(text) {
    try {
        await navigator.clipboard.writeText(text);
    } catch {
        const area = document.createElement("textarea");
        const before = document.activeElement;
        area.value = text;
        area.className = "unseen";
        document.body.append(area);
        area.select();
        const copied = document.execCommand("copy");
        area.remove();
        before?.focus();
        if (!copied) throw new Error("the clipboard is closed");
    }
}
