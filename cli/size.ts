const units: Readonly<Record<string, number>> = {
  '': 1,
  B: 1,
  KB: 1e3,
  MB: 1e6,
  GB: 1e9,
  TB: 1e12,
  KIB: 1024,
  MIB: 1024 ** 2,
  GIB: 1024 ** 3,
  TIB: 1024 ** 4,
}

/** `1048576`, `500MB`, `10GiB` in bytes; undefined for other text. */
export function parseSize(text: string): number | undefined {
  const match = /^([0-9]{1,15})([KMGT]?I?B?)$/i.exec(text)
  const unit = units[(match?.[2] ?? '?').toUpperCase()]
  const bytes = unit === undefined ? undefined : Number(match?.[1]) * unit
  return bytes !== undefined && bytes < 1e15 ? bytes : undefined
}

/** Bytes for people, in powers of 1024 with one decimal. */
export function shownSize(bytes: number): string {
  const names = ['B', 'KiB', 'MiB', 'GiB', 'TiB']
  const power = bytes < 1024 ? 0 : Math.min(4, Math.floor(Math.log2(bytes) / 10))
  const value = bytes / 1024 ** power
  return `${power === 0 || Number.isInteger(value) ? value : value.toFixed(1)} ${names[power]}`
}
