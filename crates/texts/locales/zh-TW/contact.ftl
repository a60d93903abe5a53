# 用戶代碼重設、聯絡人修改，以及示範用信箱的頁面。

contact-wrong = 還不能送出
contact-home = 回到辦理項目

user-code = 用戶代碼重設
user-code-choice = 忘記用戶代碼，或輸入錯誤太多次被鎖住時，用電子郵件設定新的。不需要卡片，約 5 分鐘。
user-code-lead = 忘記用戶代碼，或輸入錯誤太多次被鎖住，都可以在這裡設定新的。不需要卡片和讀卡機，約 5 分鐘。
user-code-how = 接下來會發生什麼
user-code-how-ask = 在這裡填寫卡號和卡片持有者名稱。
user-code-how-mail = 我們寄一封信到這張卡片登記的聯絡信箱，信裡有一個連結，30 分鐘內有效。
user-code-how-set = 開啟連結，設定新的用戶代碼，馬上可以使用。卡片裡的憑證和PIN碼都不會改變。
user-code-ask = 寄送連結
user-code-send = 寄出連結
user-code-without = 沒有登記信箱，或收不到信？
user-code-without-text = 請帶著身分證明文件和卡片到註冊窗口，由承辦人員為您重設。電話、時間和地址都在這一頁。

user-code-sent = 請查看您的信箱
user-code-sent-lead = 如果我們有這張卡片，而且登記了聯絡信箱，信已經寄過去了。
user-code-sent-next = 接下來
user-code-sent-look = 打開聯絡信箱，找主旨是「重設用戶代碼的連結」的信。通常幾分鐘內就會到。
user-code-sent-open = 在 30 分鐘內開啟信裡的連結，設定新的用戶代碼。
user-code-sent-secret = 為了不讓別人探聽誰有卡片，不論資料對不對，都會顯示這一頁。
user-code-sent-nothing = 15 分鐘後還沒有收到？
user-code-sent-spam = 看看信是不是被放進垃圾郵件匣。
user-code-sent-check = 再申請一次，並仔細核對卡號和持有者名稱。半小時內最多寄 3 封信；已經寄到的連結，在期限內都有效。
user-code-sent-counter = 還是沒有，可能是登記的信箱已經不同，或沒有登記：請與我們聯絡。
user-code-again = 再申請一次

user-code-new = 設定新的用戶代碼
user-code-new-lead = 卡號 { $number }。設定之後，原來的用戶代碼就不能再用。
user-code-choose = 新的用戶代碼
user-code-rule-length = 6 到 10 個字，可以用英文字母、數字和符號，不能有空白。
user-code-rule-case = 英文字母的大寫和小寫不同。
user-code-rule-guess = 不要用別人猜得到的，例如卡號、電話或生日，也不要和PIN碼相同。
user-code-code = 新的用戶代碼
user-code-code-hint = 6 到 10 個字
user-code-code-again = 再輸入一次新的用戶代碼
user-code-set = 設定用戶代碼
user-code-missing = 請輸入新的用戶代碼。
user-code-form = 用戶代碼是 6 到 10 個英文字母、數字或符號，沒有空白。請再輸入一次。
user-code-differ = 兩次輸入的用戶代碼不同，請再輸入一次。

user-code-over = 這個連結不能再用了
user-code-over-text = 連結可能超過 30 分鐘、已經使用過，或沒有完整複製。什麼都沒有變更；請重新申請，並使用最新的那封信。

user-code-done = 用戶代碼設定完成
user-code-done-lead = 新的用戶代碼馬上可以使用。
user-code-done-now = 接下來
user-code-done-use = 現在可以用新的用戶代碼開卡，或辦理其他作業。之前輸入錯誤的次數已經歸零。
user-code-done-keep = 請記好用戶代碼，不要和卡片放在一起。
user-code-done-told = 我們也寄了一封信到聯絡信箱，告知用戶代碼已變更。

contact-change = 聯絡人修改
contact-choice = 更換聯絡信箱和電話。需要用戶代碼，不需要卡片，約 5 分鐘。
contact-lead = 更換這張卡片的聯絡信箱、聯絡人和電話。重設用戶代碼的連結和通知，都會寄到聯絡信箱。
contact-with-card = 卡片在手邊，也有讀卡機嗎？用卡片登入就不需要用戶代碼。
contact-with-card-link = 用卡片登入
contact-who = 確認您的身分
contact-code = 用戶代碼
contact-code-hint = 申請時設定的 6 到 10 個字，英文字母大小寫不同。
contact-code-missing = 請輸入用戶代碼。
contact-not-proved = 卡號、持有者名稱或用戶代碼不正確，請核對後再輸入一次。用戶代碼連續錯誤太多次會被鎖住。
contact-forgotten = 忘記用戶代碼，或是試錯太多次？
contact-forgotten-reset = 重設用戶代碼後，再回來修改聯絡人。
contact-new = 新的聯絡資料
contact-email = 電子郵件
contact-email-hint = 我們會寄一封信到這裡，開啟信裡的連結確認之後才會生效。
contact-email-missing = 請輸入電子郵件。
contact-email-form = 電子郵件應該像 name@agency.example 這樣，請再輸入一次。
contact-person = 聯絡人姓名（可以不填）
contact-person-is = 聯絡人姓名
contact-person-form = 聯絡人姓名最多 100 個字。
contact-telephone = 聯絡電話（可以不填）
contact-telephone-is = 聯絡電話
contact-telephone-form = 電話只有數字、空格和 + - ( ) # 符號，請再輸入一次。
contact-replaces = 新資料會整個取代原來的聯絡資料，沒有填的就不再保留。憑證裡的電子郵件不會改變。
contact-send = 送出

contact-sent = 請到新信箱確認
contact-sent-lead = 我們寄了一封信到新的信箱。確認之前，原來的聯絡資料不變。
contact-sent-look = 打開新的信箱，找主旨是「請確認聯絡信箱」的信；沒看到時也看看垃圾郵件匣。
contact-sent-open = 在 30 分鐘內開啟信裡的連結，並按下頁面上的按鈕。
contact-sent-old = 如果之前登記過信箱，我們也會寄信到那裡告知。

contact-confirm = 確認聯絡信箱
contact-confirm-lead = 卡號 { $number } 的聯絡資料將改成下面這樣。
contact-confirm-button = 確認變更
contact-confirm-not = 不是您申請的，或資料不對？關閉這一頁就好，什麼都不會改變。

contact-over = 這個連結不能再用了
contact-over-text = 連結可能超過 30 分鐘、已經使用過，或沒有完整複製。聯絡資料沒有因為這個連結而變更；請重新申請，並使用最新的那封信。
contact-again = 再申請一次
contact-done = 聯絡資料變更完成
contact-done-lead = 之後關於這張卡片的信，都會寄到新的信箱。

mailbox = 示範信箱
mailbox-lead = 示範系統不會把信寄到外面。寄出的信都在這裡，最新的在最上面。
mailbox-empty = 還沒有信。
mailbox-to = 收件人
mailbox-at = 時間
mailbox-link = 這是示範系統：到示範信箱看寄出的信
