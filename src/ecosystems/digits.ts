/** Orders two runs of digits of any length by value: `007` = `7` < `10`. */
export function compareDigits(a: string, b: string): number {
  const [x, y] = [a.replace(/^0+/, ''), b.replace(/^0+/, '')]
  if (x.length !== y.length) return x.length - y.length
  return compareText(x, y)
}

/** Orders by code units; for the ASCII that versions are made of, that is byte order. */
export function compareText(a: string, b: string): number {
  if (a === b) return 0
  return a < b ? -1 : 1
}

/** Longer text is no version of anything. */
export const maxVersionLength = 1024
