// Stands in for @medusajs/telemetry, so that a store reports nothing to anyone. Switched off by its own setting, the real one
// still starts a second Node ten seconds after each start, to send what was not collected.
const NOTHING = () => undefined;

export const track = NOTHING;
export const trackFeatureFlag = NOTHING;
export const trackInstallation = NOTHING;
export const setTelemetryEnabled = NOTHING;

/** The command line asks it whether to mention that telemetry exists. */
export class Store {
  getConfig = NOTHING;
  setConfig = NOTHING;
  addEvent = NOTHING;
  flushEvents = NOTHING;
  getQueueSize = () => 0;
  getQueueCount = () => 0;
}
