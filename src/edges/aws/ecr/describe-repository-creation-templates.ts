import { findTemplate, listTemplates, type Template } from '../../../templates/template-store.ts'
import type { EcrCall, EcrDeps } from './call.ts'
import { cursorOf, defaultPageSize, nextTokenFor, refusePagingWithIds } from './page.ts'
import { prefixIn } from './template-input.ts'
import { renderTemplate } from './template-shape.ts'

/** By prefixes (one without a template is left out), or page by page in order of prefixes. */
export async function describeRepositoryCreationTemplates(
  deps: EcrDeps,
  input: {
    readonly prefixes?: readonly string[]
    readonly nextToken?: string
    readonly maxResults?: number
  },
  call: EcrCall,
): Promise<Readonly<Record<string, unknown>>> {
  const { accountId: registryId } = call.caller
  const { prefixes = [], nextToken, maxResults } = input
  if (prefixes.length > 0) {
    refusePagingWithIds('prefixes', input)
    const found: Template[] = []
    for (const prefix of new Set(prefixes.map(prefixIn))) {
      const template = await findTemplate(deps.database, registryId, prefix)
      if (template !== undefined) found.push(template)
    }
    return { registryId, repositoryCreationTemplates: found.map(renderTemplate) }
  }
  const operation = 'DescribeRepositoryCreationTemplates'
  const page = { operation, inputs: registryId, nextToken, maxResults }
  const limit = maxResults ?? defaultPageSize
  const cursor = cursorOf(deps, page)
  const after = typeof cursor === 'string' ? cursor : ''
  // One more than asked for tells whether there is another page.
  const listed = await listTemplates(deps.database, registryId, { after, limit: limit + 1 })
  const shown = listed.slice(0, limit)
  const next = listed.length > limit ? shown.at(-1)?.prefix : undefined
  const repositoryCreationTemplates = shown.map(renderTemplate)
  return { registryId, repositoryCreationTemplates, ...nextTokenFor(deps, page, next) }
}
