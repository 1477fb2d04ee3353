// The part of Medusa's store API that this shop reads, named as on the wire. Amounts are in major units (19.5 is 19.50).

export interface Country {
  iso_2: string;
  display_name: string;
}

export interface Region {
  id: string;
  name: string;
  currency_code: string;
  countries: Country[];
}

export interface CalculatedPrice {
  calculated_amount: number | null;
  original_amount: number | null;
  currency_code: string;
}

export interface Variant {
  id: string;
  title: string | null;
  thumbnail?: string | null;
  manage_inventory: boolean;
  allow_backorder: boolean;
  inventory_quantity?: number | null;
  calculated_price?: CalculatedPrice | null;
  options?: { option_id: string; value: string }[] | null;
}

export interface ProductSummary {
  id: string;
  title: string;
  handle: string;
  thumbnail: string | null;
  variants: Variant[] | null;
}

export interface Product extends ProductSummary {
  subtitle: string | null;
  description: string | null;
  material: string | null;
  origin_country: string | null;
  weight: number | null;
  images: { id: string; url: string }[] | null;
  options: { id: string; title: string; values: { id: string; value: string }[] }[] | null;
  categories: Category[] | null;
  collection: Collection | null;
}

export interface Category {
  id: string;
  name: string;
  handle: string;
  description?: string | null;
  parent_category_id?: string | null;
}

export interface Collection {
  id: string;
  title: string;
  handle: string;
}

export interface Address {
  first_name: string | null;
  last_name: string | null;
  company: string | null;
  address_1: string | null;
  address_2: string | null;
  postal_code: string | null;
  city: string | null;
  province: string | null;
  country_code: string | null;
  phone: string | null;
}

export interface LineItem {
  id: string;
  title: string;
  product_title: string | null;
  product_handle: string | null;
  variant_id: string | null;
  variant_title: string | null;
  thumbnail: string | null;
  quantity: number;
  unit_price: number;
  is_tax_inclusive: boolean;
  total: number;
  subtotal: number;
  original_total: number;
}

/** What carts and orders have in common. */
export interface Totals {
  currency_code: string;
  total: number;
  tax_total: number;
  discount_total: number;
  discount_subtotal?: number;
  item_subtotal: number;
  original_item_total: number;
  shipping_subtotal: number;
  shipping_total: number;
  original_shipping_total?: number;
}

export interface ShippingMethod {
  id: string;
  name: string;
  shipping_option_id: string | null;
  total?: number;
  amount?: number;
}

export interface Cart extends Totals {
  id: string;
  email: string | null;
  region_id: string;
  completed_at: string | null;
  items: LineItem[];
  shipping_address: Address | null;
  shipping_methods: ShippingMethod[];
  payment_collection: { id: string; payment_sessions?: { id: string; provider_id: string }[] | null } | null;
}

export interface Order extends Totals {
  id: string;
  display_id: number;
  email: string;
  created_at: string;
  items: LineItem[];
  shipping_address: Address | null;
  shipping_methods: ShippingMethod[];
}

export interface ShippingOption {
  id: string;
  name: string;
  amount: number | null;
  price_type: string;
  type?: { label?: string | null; description?: string | null } | null;
}

export type CompleteCartAnswer =
  | { type: 'order'; order: { id: string } }
  | { type: 'cart'; cart: unknown; error: { message?: string; type?: string } | string };
