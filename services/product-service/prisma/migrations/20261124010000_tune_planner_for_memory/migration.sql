-- The catalogue fits into memory, where reading a row by its index costs no more than reading on. With the default of 4 (for
-- turning disks) the planner scans whole tables to find the handful of rows that an order or a search needs.
DO $$
BEGIN
  EXECUTE format('ALTER DATABASE %I SET random_page_cost = 1.1', current_database());
EXCEPTION WHEN insufficient_privilege THEN
  RAISE NOTICE 'random_page_cost stays as it is: %', SQLERRM;
END
$$;
