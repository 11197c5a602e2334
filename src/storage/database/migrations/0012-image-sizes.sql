-- A manifest could tell sizes whose sum no number can hold, and its row could then not be read. Such a manifest is refused now.
UPDATE manifests SET image_size = 9007199254740991 WHERE image_size > 9007199254740991;
