-- All holders of an authority, page by page: by the index of subjects they would be sorted for each page.
CREATE INDEX holder_by_id ON holder (authority, id);
