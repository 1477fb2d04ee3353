// A day as an axis has room for it.
const format = new Intl.DateTimeFormat(undefined, { day: 'numeric', month: 'short', timeZone: 'UTC' });

export const shortDay = (day: string): string => format.format(new Date(`${day}T00:00:00Z`));
