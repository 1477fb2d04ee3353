// Pictures are shown from the shop's own address, whatever address they were stored under, so one store works under many host names.

/** The path and query of a stored picture address; null when there is no usable one. */
export function picturePath(stored: string | null | undefined): string | null {
  if (stored === null || stored === undefined || stored.trim() === '') return null;
  const anywhere = 'http://shop.invalid';
  if (!URL.canParse(stored, anywhere)) return null;
  const { protocol, pathname, search } = new URL(stored, anywhere);
  return protocol === 'http:' || protocol === 'https:' ? `${pathname}${search}` : null;
}
