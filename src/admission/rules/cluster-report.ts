// Purpose:  read what a cluster, or a host, says that it runs.
// Spec:     our own; docs/admission.md, "What runs".
// Input:    JSON that a caller sends; hostile.
// Deviates: nothing.
// Unknowns: a member of another type, or one that is not known → refused with its place; an image that cannot be read is counted as unclear later.
import { isRecord } from '../../oci/descriptor.ts'
import { maxWorkloadText } from './workload.ts'

/** Containers of one image at one place. Texts are empty where the place has none. */
export interface ReportedImage {
  /** A reference as nodes write it; best with the digest that they pulled. */
  readonly image: string
  readonly namespace: string
  readonly kind: string
  readonly name: string
  readonly units: number
}

export type ReportReading =
  | { readonly kind: 'read'; readonly images: readonly ReportedImage[] }
  | { readonly kind: 'refused'; readonly problem: string }

export const maxReportBytes = 16 * 1024 * 1024
export const maxReportedImages = 20_000
const maxImageText = 2048
const members = ['image', 'namespace', 'kind', 'name', 'units']

/** `{"images": [{"image", "namespace", "kind", "name", "units"}]}`; all but the image may be left out. */
export function readClusterReport(value: unknown): ReportReading {
  const images = isRecord(value) ? value['images'] : undefined
  if (!isRecord(value) || !Array.isArray(images))
    return refused('a report is an object with a list of images')
  const other = Object.keys(value).find((name) => name !== 'images')
  if (other !== undefined) return refused(`${quoted(other)} is not known; known is images`)
  if (images.length > maxReportedImages)
    return refused(
      `a report has at most ${maxReportedImages} places of images; here are ${images.length}`,
    )
  const read: ReportedImage[] = []
  for (const [at, one] of images.entries()) {
    const image = readReported(one)
    if (typeof image === 'string') return refused(`images[${at}] ${image}`)
    read.push(image)
  }
  return { kind: 'read', images: read }
}

function refused(problem: string): ReportReading {
  return { kind: 'refused', problem }
}

function quoted(text: unknown): string {
  return (JSON.stringify(text) ?? 'nothing').slice(0, 100)
}

/** What is wrong with it, or the image. */
function readReported(value: unknown): ReportedImage | string {
  if (!isRecord(value)) return 'is no object'
  const other = Object.keys(value).find((name) => !members.includes(name))
  if (other !== undefined) return `has ${quoted(other)}; known are ${members.join(', ')}`
  const { image, units = 1 } = value
  if (typeof image !== 'string' || image === '' || image.length > maxImageText)
    return `has no image: a text of 1 to ${maxImageText} characters`
  if (!isUnits(units)) return `has units that are no whole number from 1 to ${maxUnits}`
  const texts = ['namespace', 'kind', 'name'].map((name) => value[name] ?? '')
  const [namespace, kind, name] = texts.filter((text) => isPlaceText(text))
  if (namespace === undefined || kind === undefined || name === undefined)
    return `has a namespace, kind or name that is no text of at most ${maxWorkloadText} printable characters`
  return { image, namespace, kind, name, units }
}

const maxUnits = 1_000_000

function isUnits(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 1 && Number(value) <= maxUnits
}

function isPlaceText(text: unknown): text is string {
  return typeof text === 'string' && text.length <= maxWorkloadText && !/\p{Cc}/u.test(text)
}
