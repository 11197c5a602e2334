// Purpose:  read how a cluster is registered: under which names it pulls, what it runs on, which policies hold in which of its namespaces.
// Spec:     our own; docs/admission.md.
// Input:    JSON that a caller sends, or that was stored.
// Deviates: nothing.
// Unknowns: a member that is not known, or of another type → refused with its name.
import { isRecord } from '../../oci/descriptor.ts'

export interface ClusterSettings {
  /** Hosts, with ports, by which its nodes reach this registry, beside those that the server knows; in lower case. */
  readonly hosts: readonly string[]
  /** Of an index only these are judged, such as `linux/amd64`; none: all. */
  readonly platforms: readonly string[]
  /** What an image means that no policy is about. */
  readonly withoutPolicy: 'allow' | 'deny'
  /** What a denial means for what makes pods: the pods themselves are judged in any case. */
  readonly controllers: 'warn' | 'enforce' | 'off'
  /** Where tags are replaced by what they name. */
  readonly pin: 'pods' | 'all' | 'off'
  /** The first whose pattern a namespace meets says which policies hold there; without one all do that are about the image. */
  readonly bindings: readonly ClusterBinding[]
}

export interface ClusterBinding {
  readonly namespace: string
  readonly policies: readonly string[]
}

export type SettingsReading =
  | { readonly kind: 'read'; readonly settings: ClusterSettings }
  | { readonly kind: 'refused'; readonly problem: string }

const maxHosts = 20
const maxPlatforms = 20
const maxBindings = 100

const host = /^(?:[a-z0-9.-]{1,253}|\[[0-9a-f:]{2,45}\])(?::[0-9]{1,5})?$/
const platform = /^[a-z0-9]{1,32}\/[a-z0-9_]{1,32}(?:\/[a-z0-9.]{1,32})?$/
const pattern = /^[a-z0-9*?-]{1,63}$/
const policyName = /^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$/

const members = ['hosts', 'platforms', 'withoutPolicy', 'controllers', 'pin', 'bindings']

export function readClusterSettings(value: unknown): SettingsReading {
  if (!isRecord(value)) return refused('a cluster is described by an object')
  const unknown = Object.keys(value).find((name) => !members.includes(name))
  if (unknown !== undefined)
    return refused(`${quoted(unknown)} is not known; known are ${members.join(', ')}`)
  const problems: string[] = []
  const settings: ClusterSettings = {
    hosts: texts(value['hosts'], { name: 'hosts', max: maxHosts, grammar: host }, problems),
    platforms: texts(
      value['platforms'],
      { name: 'platforms', max: maxPlatforms, grammar: platform },
      problems,
    ),
    withoutPolicy: word(value, 'withoutPolicy', ['deny', 'allow'], problems),
    controllers: word(value, 'controllers', ['warn', 'enforce', 'off'], problems),
    pin: word(value, 'pin', ['pods', 'all', 'off'], problems),
    bindings: bindingsIn(value['bindings'], problems),
  }
  const [problem] = problems
  return problem === undefined ? { kind: 'read', settings } : refused(problem)
}

function refused(problem: string): SettingsReading {
  return { kind: 'refused', problem }
}

function quoted(text: unknown): string {
  return (JSON.stringify(text) ?? 'nothing').slice(0, 100)
}

/** The first where the member is not there. */
function word<const T extends string>(
  value: Readonly<Record<string, unknown>>,
  name: string,
  words: readonly [T, ...T[]],
  problems: string[],
): T {
  const given = value[name]
  if (given === undefined) return words[0]
  const found = words.find((one) => one === given)
  if (found !== undefined) return found
  problems.push(`${name} is ${quoted(given)}; expected ${words.join(', ')}`)
  return words[0]
}

function texts(
  given: unknown,
  { name, max, grammar }: { readonly name: string; readonly max: number; readonly grammar: RegExp },
  problems: string[],
): readonly string[] {
  if (given === undefined) return []
  if (!Array.isArray(given) || given.length > max) {
    problems.push(`${name} must be a list of at most ${max}`)
    return []
  }
  return given.flatMap((one: unknown) => {
    const text = typeof one === 'string' ? (name === 'hosts' ? one.toLowerCase() : one) : ''
    if (grammar.test(text)) return [text]
    problems.push(`${name} has ${quoted(one)}, which is none`)
    return []
  })
}

function bindingsIn(given: unknown, problems: string[]): readonly ClusterBinding[] {
  if (given === undefined) return []
  if (!Array.isArray(given) || given.length > maxBindings) {
    problems.push(`bindings must be a list of at most ${maxBindings}`)
    return []
  }
  return given.flatMap((one: unknown) => {
    const { namespace, policies, ...more } = isRecord(one) ? one : {}
    if (typeof namespace !== 'string' || !pattern.test(namespace) || Object.keys(more).length > 0) {
      problems.push(`a binding has namespace, a pattern, and policies; here is ${quoted(one)}`)
      return []
    }
    const named = texts(policies, { name: 'policies', max: 100, grammar: policyName }, problems)
    if (policies === undefined)
      problems.push(`the binding of ${quoted(namespace)} names no policies`)
    return [{ namespace, policies: named }]
  })
}
