/*
 * The forms, by name, and what shows them: fetched when somebody is about to open one, so that the
 * view is there sooner and whoever only reads never waits for them.
 */

export { birthdayForm as birthday, cancelForm as cancel } from "./changing.js";
export { creditForm as credit, pointsForm as points, undoForm as undo } from "./giving.js";
export { openPanel } from "./panel.js";
export { redeemForm as redeem, refundForm as refund } from "./redeeming.js";
