// Purpose:  what does a change of trust add, and may it take something away?
// Spec:     signing reference 5.3: removals of trust count at once, what is only added may wait.
// Input:    a policy, a store, a key or a root before and after. Read.
// Deviates: nothing.
// Unknowns: a change that is not plainly an addition counts as a removal: evidence waits to be made anew, and nothing passes meanwhile.
import { membersOfRoot } from './parse-trust-material.ts'
import type { StoredKey, StoredMaterial } from './trust-material.ts'
import type { TrustPolicy } from './trust-policy.ts'

/** Whether whatever was trusted before is trusted after. */
export function onlyAdds(before: TrustPolicy, after: TrustPolicy): boolean {
  return (
    after.threshold <= before.threshold &&
    (after.inheritFromIndex || !before.inheritFromIndex) &&
    (after.acceptAttestationAsSignature || !before.acceptAttestationAsSignature) &&
    hasAll(before.repositories, after.repositories) &&
    hasAll(before.scopes, after.scopes) &&
    hasAll(before.accept, after.accept) &&
    hasAll(before.attestations, after.attestations)
  )
}

export function materialOnlyAdds(before: StoredMaterial, after: StoredMaterial): boolean {
  if (before.kind === 'store' && after.kind === 'store')
    return before.type === after.type && hasAll(before.thumbprints, after.thumbprints)
  if (before.kind === 'root' && after.kind === 'root')
    return hasAll(membersOfRoot(before.json), membersOfRoot(after.json))
  return before.kind === 'key' && after.kind === 'key' && keyOnlyAdds(before, after)
}

function keyOnlyAdds(before: StoredKey, after: StoredKey): boolean {
  return (
    before.fingerprint === after.fingerprint &&
    (after.validFrom ?? -Infinity) <= (before.validFrom ?? -Infinity) &&
    (after.validUntil ?? Infinity) >= (before.validUntil ?? Infinity) &&
    (after.revokedFrom ?? Infinity) >= (before.revokedFrom ?? Infinity)
  )
}

function hasAll(before: readonly unknown[], after: readonly unknown[]): boolean {
  const kept = new Set(after.map(textOf))
  return before.every((one) => kept.has(textOf(one)))
}

function textOf(value: unknown): string {
  return JSON.stringify(value) ?? ''
}

const maxLines = 50
const maxLine = 250

/** For the audit log: what went and what came, a line each. */
export function policyChanges(
  before: TrustPolicy | undefined,
  after: TrustPolicy | undefined,
): readonly string[] {
  const [old, young] = [linesOf(before), linesOf(after)]
  const went = old.filter((line) => !young.includes(line)).map((line) => `- ${line}`)
  const came = young.filter((line) => !old.includes(line)).map((line) => `+ ${line}`)
  const all = [...went, ...came]
  const told = all.slice(0, maxLines).map((line) => line.slice(0, maxLine))
  return all.length > maxLines ? [...told, `and ${all.length - maxLines} more`] : told
}

function linesOf(policy: TrustPolicy | undefined): readonly string[] {
  if (policy === undefined) return []
  const { name, repositories, scopes, accept, attestations, ...settings } = policy
  return [
    `policy ${name}`,
    ...repositories.map((one) => `repository ${one}`),
    ...scopes.map((one) => `scope ${one}`),
    ...accept.map((one) => `accept ${textOf(one)}`),
    ...Object.entries(settings).map(([member, value]) => `${member} ${String(value)}`),
    ...attestations.map((one) => `attestation ${textOf(one)}`),
  ]
}

export function materialChanges(
  before: StoredMaterial | undefined,
  after: StoredMaterial | undefined,
): readonly string[] {
  const [old, young] = [materialLines(before), materialLines(after)]
  return [
    ...old.filter((line) => !young.includes(line)).map((line) => `- ${line}`),
    ...young.filter((line) => !old.includes(line)).map((line) => `+ ${line}`),
  ].slice(0, maxLines)
}

function materialLines(material: StoredMaterial | undefined): readonly string[] {
  if (material === undefined) return []
  const { kind, name } = material
  switch (kind) {
    case 'store':
      return [`store ${name}`, ...material.thumbprints.map((one) => `certificate ${one}`)]
    case 'root':
      return [`root ${name}`, `sha256 ${material.hash}`]
    case 'key': {
      const times = (['validFrom', 'validUntil', 'revokedFrom'] as const).flatMap((member) => {
        const time = material[member]
        return time === undefined ? [] : [`${member} ${new Date(time).toISOString()}`]
      })
      return [`key ${name}`, `fingerprint ${material.fingerprint}`, ...times]
    }
  }
}
