// Purpose:  what a verified statement says, as far as policies and people ask for it.
// Spec:     SLSA provenance v1 and v0.2, verification summary v1; cosign vuln/v1, in-toto vulns v0.1 and v0.2; OpenVEX; SPDX 2; CycloneDX.
// Input:    a predicate whose statement was verified; it is only as true as its signer.
// Deviates: the source is the one that the build was asked to build; of several dependencies none is taken for it.
// Unknowns: a member that is missing or of another form → undefined, and whoever asks for it is not satisfied.
import { isRecord } from '../../oci/descriptor.ts'
import { kindOfPredicate } from './predicate-types.ts'

export type PredicateFacts =
  | {
      readonly kind: 'slsa-provenance'
      readonly version: 'v1' | 'v0.2'
      /** Who says that it built the image: whether it did, the signer's identity says. */
      readonly builder: string | undefined
      readonly buildType: string | undefined
      /** Without `git+` and what follows `@`. */
      readonly source: string | undefined
      readonly sourceRef: string | undefined
      readonly invocation: string | undefined
      /** At most 64. */
      readonly dependencies: readonly string[]
    }
  | {
      readonly kind: 'sbom'
      readonly format: 'spdx' | 'cyclonedx'
      readonly version: string | undefined
      readonly createdAt: string | undefined
    }
  | {
      readonly kind: 'vulnerabilities'
      readonly scanner: string | undefined
      readonly scannerVersion: string | undefined
      readonly finishedAt: string | undefined
    }
  | {
      readonly kind: 'vex'
      readonly author: string | undefined
      readonly createdAt: string | undefined
      readonly statements: number
    }
  | {
      readonly kind: 'verification-summary'
      readonly verifier: string | undefined
      readonly resource: string | undefined
      readonly policy: string | undefined
      readonly outcome: 'PASSED' | 'FAILED' | undefined
      /** At most 64. */
      readonly levels: readonly string[]
    }
  | { readonly kind: 'image-signature' }
  | { readonly kind: 'other' }

const maxText = 2048
const maxList = 64

export function factsOf(predicateType: string, predicate: unknown): PredicateFacts {
  const kind = kindOfPredicate(predicateType)
  switch (kind) {
    case 'slsa-provenance-v1':
      return provenanceOne(predicate)
    case 'slsa-provenance-v0.2':
      return provenanceTwo(predicate)
    case 'spdx':
    case 'cyclonedx':
      return sbom(kind, predicate)
    case 'vulnerabilities':
      return vulnerabilities(predicate)
    case 'openvex':
      return vex(predicate)
    case 'verification-summary':
      return summary(predicate)
    case 'image-signature':
    case 'other':
      return { kind }
  }
}

/** The value at a path of members; undefined where there is none. */
function at(value: unknown, ...path: readonly string[]): unknown {
  let here = value
  for (const name of path) {
    if (!isRecord(here) || !Object.hasOwn(here, name)) return undefined
    here = here[name]
  }
  return here
}

function text(value: unknown, ...path: readonly string[]): string | undefined {
  const found = at(value, ...path)
  return typeof found === 'string' && found !== '' && found.length <= maxText ? found : undefined
}

interface Place {
  readonly source: string | undefined
  readonly sourceRef: string | undefined
}

/** `git+https://host/path@refs/tags/v1`: the ref is behind the last `@` of the path. */
function placeOf(uri: string | undefined, ref?: string): Place {
  const bare = uri?.replace(/^git\+/, '')
  const path = bare === undefined ? -1 : bare.indexOf('/', bare.indexOf('://') + 3)
  const cut = bare === undefined || path < 0 ? -1 : bare.indexOf('@', path)
  const source = cut < 0 ? bare : bare?.slice(0, cut)
  return {
    source: source?.replace(/\.git$/, ''),
    sourceRef: ref ?? (cut < 0 ? undefined : bare?.slice(cut + 1)),
  }
}

function uris(list: unknown): readonly string[] {
  if (!Array.isArray(list)) return []
  return list.slice(0, maxList).flatMap((entry: unknown) => text(entry, 'uri') ?? [])
}

function provenanceOne(predicate: unknown): PredicateFacts {
  const definition = at(predicate, 'buildDefinition')
  const asked = at(definition, 'externalParameters')
  const dependencies = at(definition, 'resolvedDependencies')
  return {
    kind: 'slsa-provenance',
    version: 'v1',
    builder: text(predicate, 'runDetails', 'builder', 'id'),
    buildType: text(definition, 'buildType'),
    ...placeAsked(asked, dependencies),
    invocation: text(predicate, 'runDetails', 'metadata', 'invocationId'),
    dependencies: uris(dependencies),
  }
}

/** Where builders put what they were asked to build: GitHub's workflows, then `source` as a text or a resource. */
function placeAsked(asked: unknown, dependencies: unknown): Place {
  const repository = text(asked, 'workflow', 'repository')
  if (repository !== undefined) return placeOf(repository, text(asked, 'workflow', 'ref'))
  const source =
    text(asked, 'source') ?? text(asked, 'source', 'uri') ?? text(asked, 'source', 'repository')
  if (source !== undefined) return placeOf(source)
  const isOnly = Array.isArray(dependencies) && dependencies.length === 1
  return placeOf(isOnly ? text(dependencies[0], 'uri') : undefined)
}

function provenanceTwo(predicate: unknown): PredicateFacts {
  return {
    kind: 'slsa-provenance',
    version: 'v0.2',
    builder: text(predicate, 'builder', 'id'),
    buildType: text(predicate, 'buildType'),
    ...placeOf(text(predicate, 'invocation', 'configSource', 'uri')),
    invocation: text(predicate, 'metadata', 'buildInvocationId'),
    dependencies: uris(at(predicate, 'materials')),
  }
}

function sbom(format: 'spdx' | 'cyclonedx', predicate: unknown): PredicateFacts {
  return {
    kind: 'sbom',
    format,
    version: text(predicate, format === 'spdx' ? 'spdxVersion' : 'specVersion'),
    createdAt:
      format === 'spdx'
        ? text(predicate, 'creationInfo', 'created')
        : text(predicate, 'metadata', 'timestamp'),
  }
}

function vulnerabilities(predicate: unknown): PredicateFacts {
  return {
    kind: 'vulnerabilities',
    scanner: text(predicate, 'scanner', 'uri'),
    scannerVersion: text(predicate, 'scanner', 'version'),
    finishedAt: text(predicate, 'metadata', 'scanFinishedOn'),
  }
}

function vex(predicate: unknown): PredicateFacts {
  const statements = at(predicate, 'statements')
  return {
    kind: 'vex',
    author: text(predicate, 'author'),
    createdAt: text(predicate, 'timestamp'),
    statements: Array.isArray(statements) ? statements.length : 0,
  }
}

function summary(predicate: unknown): PredicateFacts {
  const outcome = text(predicate, 'verificationResult')
  const levels = at(predicate, 'verifiedLevels')
  return {
    kind: 'verification-summary',
    verifier: text(predicate, 'verifier', 'id'),
    resource: text(predicate, 'resourceUri'),
    policy: text(predicate, 'policy', 'uri'),
    outcome: outcome === 'PASSED' || outcome === 'FAILED' ? outcome : undefined,
    levels: Array.isArray(levels)
      ? levels.slice(0, maxList).filter((level) => typeof level === 'string')
      : [],
  }
}
