// Tells the storefront what Medusa's own store API leaves out: the store's name, and the region a new shopper starts in.
// Like everything under /store it asks for the publishable key.
import { ContainerRegistrationKeys } from '@medusajs/framework/utils';

export async function GET(request, response) {
  const query = request.scope.resolve(ContainerRegistrationKeys.QUERY);
  const { data: stores } = await query.graph({ entity: 'store', fields: ['name', 'default_region_id'] });
  response.json({ name: stores[0]?.name ?? null, default_region_id: stores[0]?.default_region_id ?? null });
}
