// Purpose:  say under which names and versions advisories about an installed rpm are looked up.
// Spec:     none of its own: what the publishers' records are like, see `distributions.ts` and `streams.ts`.
// Input:    a package out of an image's database, and the distribution; hostile.
// Deviates: nothing.
// Unknowns: packages that somebody else built, and modular ones whose stream nobody told, have no advisories: with the reason.
import type { Distribution, Lookup, LookupKey, Package } from '../ecosystem.ts'
import { findAdvisorySource, type AdvisorySource } from './distributions.ts'
import { flavourOf, isModular, namesInStream } from './streams.ts'
import { unknownEpoch } from './version.ts'

export function lookupRpm(found: Package, distribution: Distribution | undefined): Lookup {
  const source = findAdvisorySource(distribution)
  if (source.kind === 'unknown') return source
  const { vendor } = found
  if (vendor !== undefined && !source.vendor.test(vendor))
    return ofPackage(`no advisories are known for packages of ${vendor.slice(0, 100)}`)
  if (found.module === undefined && isModular(found.version))
    return ofPackage(`nobody tells of which module stream ${found.name.slice(0, 100)} is`)
  const named = namesOf(found, source).flatMap(({ name, version }) =>
    placesOf(name, found, source).map((place) => ({ name: place, version })),
  )
  return {
    kind: 'keys',
    keys: source.ecosystems.flatMap((ecosystem) => named.map((key) => ({ ecosystem, ...key }))),
  }
}

type Named = Pick<LookupKey, 'name' | 'version'>

function namesOf(found: Package, { names, hasNoEpochs }: AdvisorySource): readonly Named[] {
  const binary = { name: found.name, version: found.version }
  const { source = binary } = found
  // The name of a source package's file has no epoch: where that of the package cannot stand for it, none is compared.
  const isOwnEpoch = source.name === found.name
  const ofSource = {
    name: source.name,
    version: isOwnEpoch ? source.version : withoutEpoch(source.version),
  }
  const isOne = names === 'both' && ofSource.name === binary.name
  const chosen = names === 'binary' || isOne ? [binary] : [ofSource]
  const both = names === 'both' && !isOne ? [binary, ofSource] : chosen
  return hasNoEpochs === true
    ? both.map(({ name, version }) => ({ name, version: withoutEpoch(version) }))
    : both
}

function withoutEpoch(version: string): string {
  return `${unknownEpoch}${version.replace(/^(?:[0-9]+|\*):/, '')}`
}

/** A package of a stream or flavour is spoken of by records of that stream or flavour only. */
function placesOf(
  name: string,
  { module, version }: Package,
  { ecosystems }: AdvisorySource,
): readonly string[] {
  if (module !== undefined) return namesInStream(name, module)
  const isOracle = ecosystems.some((ecosystem) => ecosystem.startsWith('Oracle Linux'))
  const flavour = isOracle ? flavourOf(version) : undefined
  return [flavour === undefined ? name : `${flavour}::${name}`]
}

function ofPackage(reason: string): Lookup {
  return { kind: 'unknown', reason, scope: 'package' }
}
