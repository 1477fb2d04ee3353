// A rule for text that JSON Schema has no word for: as a pattern (`\P{Cc}`) it would be one that many programs cannot read.

export function hasNoControls(text: string): boolean {
  return !/\p{Cc}/u.test(text);
}
