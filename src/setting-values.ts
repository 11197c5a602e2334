// How the texts of settings are read; what is none of the kind is undefined.

export function parseListen(
  text: string,
): { readonly host: string; readonly port: number } | undefined {
  const match = /^(?:\[([0-9a-fA-F:]+)\]|([A-Za-z0-9.-]+)):([0-9]{1,5})$/.exec(text)
  const port = Number(match?.[3])
  const host = match?.[1] ?? match?.[2]
  return host === undefined || port > 65_535 ? undefined : { host, port }
}

export function parseUrl(text: string): string | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined
  if (url?.protocol !== 'http:' && url?.protocol !== 'https:') return undefined
  return text.replace(/\/+$/, '')
}

export function parseOrganization(text: string): string | undefined {
  return /^o-[a-z0-9]{10,32}$/.test(text) ? text : undefined
}

export function oneOf<const T extends string>(
  ...allowed: readonly T[]
): (text: string) => T | undefined {
  return (text) => allowed.find((word) => word === text)
}

export function wholeBetween(least: number, most: number): (text: string) => number | undefined {
  return (text) => {
    const value = /^[0-9]{1,6}$/.test(text) ? Number(text) : -1
    return value >= least && value <= most ? value : undefined
  }
}

export function parseRegion(text: string): string | undefined {
  return /^[a-z]{2,}(?:-[a-z]+)+-[0-9]+$/.test(text) ? text : undefined
}
