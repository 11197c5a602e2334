import type { AccountId } from '../policy/account-id.ts'
import type { Database } from '../storage/database/database.ts'
import { requireTemplate } from './put-template.ts'
import type { TemplatePrefix } from './rules/template-prefix.ts'
import { deleteTemplateRow, type Template } from './template-store.ts'

/** The template that was, or TEMPLATE_UNKNOWN. Repositories that it made stay as they are. */
export async function deleteTemplate(
  { database }: { readonly database: Database },
  { account, prefix }: { readonly account: AccountId; readonly prefix: TemplatePrefix },
): Promise<Template> {
  return database.transaction(async (tx) => {
    const template = await requireTemplate(tx, account, prefix)
    await deleteTemplateRow(tx, account, prefix)
    return template
  })
}
