// Purpose:  what is known of a CVE: SearchVulnerabilities.
// Spec:     Amazon Inspector2 API Reference, SearchVulnerabilities.
// Input:    a request that was held against the model.
// Deviates: what is told is put together of all records that this registry holds; source and its address are left out, since NVD is none of
//           them. detectionPlatforms are the ecosystems in which a package has the flaw.
// Unknowns: a CVE that no record names → an empty list, which does not say that there is no such flaw.
import type { RatedSeverity } from '../../../ecosystems/severity.ts'
import { searchVulnerability } from '../../../scanning/search-vulnerability.ts'
import { dayOf } from '../../../scanning/spell-finding.ts'
import { epochSeconds, type InspectorDeps } from './call.ts'

type Shape = Readonly<Record<string, unknown>>

export async function searchVulnerabilities(
  { reader }: InspectorDeps,
  input: { readonly filterCriteria: { readonly vulnerabilityIds: readonly string[] } },
): Promise<Shape> {
  const [id = ''] = input.filterCriteria.vulnerabilityIds
  const found = await searchVulnerability(reader, id)
  if (found === undefined) return { vulnerabilities: [] }
  const { epss, kev } = found.exploitation
  const { description, publishedAt, modifiedAt, vendorSeverity } = found
  return {
    vulnerabilities: [
      {
        id,
        ...(description === undefined ? {} : { description }),
        ...(vendorSeverity === undefined ? {} : { vendorSeverity: vendorSeverity.slice(0, 64) }),
        ...(publishedAt === undefined ? {} : { vendorCreatedAt: epochSeconds(publishedAt) }),
        ...(modifiedAt === undefined ? {} : { vendorUpdatedAt: epochSeconds(modifiedAt) }),
        ...scoreOf('cvss4', found.scores, /^CVSS 4/),
        ...scoreOf('cvss3', found.scores, /^CVSS 3/),
        ...scoreOf('cvss2', found.scores, /^CVSS 2/),
        relatedVulnerabilities: found.aliases,
        referenceUrls: found.references,
        detectionPlatforms: found.ecosystems,
        ...(epss === undefined ? {} : { epss: { score: epss.score } }),
        ...(kev === undefined
          ? {}
          : {
              cisaData: {
                dateAdded: epochSeconds(dayOf(kev.addedOn)),
                ...(kev.dueOn === undefined ? {} : { dateDue: epochSeconds(dayOf(kev.dueOn)) }),
              },
            }),
      },
    ],
  }
}

/** The highest of a scheme. */
function scoreOf(member: string, scores: readonly RatedSeverity[], scheme: RegExp): Shape {
  const [best] = scores
    .filter(({ source }) => scheme.test(source?.replace(/^.* (?=CVSS )/, '') ?? ''))
    .toSorted((a, b) => (b.score ?? 0) - (a.score ?? 0))
  return best === undefined
    ? {}
    : { [member]: { baseScore: best.score, scoringVector: best.vector } }
}
