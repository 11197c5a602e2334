/** `90s`, `5m`, `48h`, `2d` in milliseconds; undefined for other text. */
export function parseDuration(text: string): number | undefined {
  const match = /^([0-9]{1,6})(s|m|h|d)$/.exec(text)
  const units: Readonly<Record<string, number>> = {
    s: 1000,
    m: 60_000,
    h: 3_600_000,
    d: 86_400_000,
  }
  const unit = units[match?.[2] ?? '']
  return unit === undefined ? undefined : Number(match?.[1]) * unit
}
